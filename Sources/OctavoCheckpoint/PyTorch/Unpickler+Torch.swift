internal import OctavoBase

// What PyTorch means by the values of a pickle (K6 to K8 of formats/pytorch.md).
extension Unpickler {
    /// The most dimensions that a tensor of PyTorch has.
    private static let mostDimensions = 64

    /// Reads `('storage', type, key, device, count)`; where the tensor was when it was saved is of no
    /// matter (K6).
    mutating func storage(_ identifier: PickleValue) throws(PickleError) -> PickleValue {
        let items = Array(try items(of: identifier))
        guard items.count == 5, items[0].text == "storage" else {
            throw unexpected(identifier, "('storage', type, key, device, count)")
        }
        let dtype: DType?
        switch items[1] {
        case .symbol(.storage(let element)): dtype = element
        case .symbol(.byteStorage): dtype = nil
        case let other: throw unexpected(other, "a storage's type")
        }
        guard let key = items[2].text else { throw unexpected(items[2], "a storage's key") }
        guard let count = items[4].integer, count >= 0 else {
            throw unexpected(items[4], "a count of elements")
        }
        storages.append(TorchStorage(key: key, dtype: dtype, count: count))
        return .storage(storages.count - 1)
    }

    /// What PyTorch would make of a global and its arguments (K7).
    mutating func call(
        _ global: PickleValue,
        _ arguments: ArraySlice<PickleValue>
    ) throws(PickleError) -> PickleValue {
        let arguments = Array(arguments)
        switch global {
        case .symbol(.orderedDict) where arguments.isEmpty: return newDictionary()
        case .symbol(.rebuildTensor) where (6...7).contains(arguments.count):
            try checkMetadata(arguments.dropFirst(6).first)
            guard case .storage(let index) = arguments[0], let dtype = storages[index].dtype else {
                throw unexpected(arguments[0], "a storage of a type")
            }
            return try tensor(storages[index], dtype, arguments)
        case .symbol(.rebuildTypedTensor) where (7...8).contains(arguments.count):
            try checkMetadata(arguments.dropFirst(7).first)
            guard case .storage(let index) = arguments[0], storages[index].dtype == nil else {
                throw unexpected(arguments[0], "a storage of bytes")
            }
            guard case .symbol(.dtype(let dtype)) = arguments[6] else {
                throw unexpected(arguments[6], "a type")
            }
            return try tensor(storages[index], dtype, arguments)
        case .symbol(.rebuildParameter) where arguments.count == 3:
            guard case .tensor = arguments[0] else { throw unexpected(arguments[0], "a tensor") }
            return arguments[0]
        default: throw unexpected(global, "a function of \(arguments.count) arguments")
        }
    }

    /// Refuses what changes a tensor's values without changing its bytes, such as a pending negation.
    private func checkMetadata(_ value: PickleValue?) throws(PickleError) {
        switch value {
        case nil, .some(.none): return
        case .dictionary(let index) where dictionaries[index].isEmpty: return
        case let other: throw unexpected(other, "no metadata of a tensor")
        }
    }

    /// Reads `(storage, offset, shape, strides, …)` (K8).
    private mutating func tensor(
        _ storage: TorchStorage,
        _ dtype: DType,
        _ arguments: [PickleValue]
    ) throws(PickleError) -> PickleValue {
        guard let offset = arguments[1].integer, offset >= 0 else {
            throw unexpected(arguments[1], "an offset")
        }
        let shape = try wholeNumbers(arguments[2], "a shape")
        let strides = try wholeNumbers(arguments[3], "strides")
        guard shape.count == strides.count, shape.count <= Self.mostDimensions else {
            throw unexpected(arguments[3], "as many strides as dimensions, at most 64")
        }
        guard tensors.count < Self.mostTensors else { throw failure(.tooManyTensors) }
        tensors.append(
            TorchTensor(
                storage: storage,
                dtype: dtype,
                offset: offset,
                shape: shape,
                strides: strides
            )
        )
        return .tensor(tensors.count - 1)
    }

    private func wholeNumbers(
        _ value: PickleValue,
        _ expected: String
    ) throws(PickleError) -> [Int] {
        let items = try items(of: value)
        let numbers = items.compactMap(\.integer)
        guard numbers.count == items.count, numbers.allSatisfy({ $0 >= 0 }) else {
            throw unexpected(value, expected)
        }
        return numbers
    }
}
