internal import OctavoBase

/// Follows the instructions of a pickle, of which it knows only those that tensors need (K1 to K5 of
/// formats/pytorch.md).
///
/// Nothing is called and nothing is looked up: globals are signs, and of a call only its arguments are
/// read. Each instruction makes at most one value, so memory is bounded by their number.
struct Unpickler: ~Escapable {
    /// The longest pickle that Octavo reads, in bytes; a tensor takes about 130.
    static let longest = 64 << 20
    /// The most instructions that it follows; a tensor takes about 45.
    static let mostInstructions = 8_000_000
    /// The most tensors that it makes; the largest published models have some ten thousand.
    static let mostTensors = 200_000
    /// The most values on the stack; the writers of pickles fill dictionaries by the thousand.
    static let deepest = 100_000

    private var reader: ByteReader
    /// Where the instruction begins that is followed.
    private var start = 0
    private var stack: [PickleValue] = []
    /// Where on the stack the values begin that an instruction takes all at once.
    private var marks: [Int] = []
    private var memo: [PickleValue] = []
    private var tupleItems: [PickleValue] = []
    /// The keys and values of each dictionary, in order.
    private(set) var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    /// The storages named so far.
    var storages: [TorchStorage] = []
    /// The tensors made so far.
    var tensors: [TorchTensor] = []

    @_lifetime(copy pickle)
    init(_ pickle: RawSpan) { reader = ByteReader(pickle) }

    /// Follows all instructions.
    ///
    /// - Returns: The value that is left.
    mutating func load() throws(PickleError) -> PickleValue {
        guard reader.remaining <= Self.longest else { throw failure(.tooLarge(reader.remaining)) }
        guard try opcode() == .protocolVersion else { throw failure(.badProtocol(nil)) }
        let version = try read(UInt8.self)
        guard version == 2 else { throw failure(.badProtocol(version)) }
        for _ in 0..<Self.mostInstructions {
            let opcode = try opcode()
            if opcode == .stop {
                let value = try pop("a value")
                guard stack.isEmpty, marks.isEmpty, reader.remaining == 0 else {
                    start = reader.offset
                    throw failure(.trailing)
                }
                return value
            }
            try follow(opcode)
            guard stack.count <= Self.deepest, marks.count <= Self.deepest else {
                throw failure(.tooDeep)
            }
        }
        throw failure(.tooManyInstructions)
    }

    private mutating func follow(_ opcode: PickleOpcode) throws(PickleError) {
        switch opcode {
        case .mark: marks.append(stack.count)
        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .uint8: stack.append(.integer(Int(try read(UInt8.self))))
        case .uint16: stack.append(.integer(Int(try read(UInt16.self))))
        case .int32: stack.append(.integer(Int(try read(Int32.self))))
        case .long: stack.append(.integer(try long()))
        case .binaryFloat:
            _ = try read(UInt64.self)
            stack.append(.float)
        case .unicode: stack.append(.text(try text(count: Int(try read(UInt32.self)))))
        case .emptyTuple: stack.append(.tuple(0..<0))
        case .emptyList: stack.append(.list)
        case .emptyDictionary: stack.append(newDictionary())
        case .tuple: try makeTuple(from: popMark())
        case .tuple1: try makeTuple(count: 1)
        case .tuple2: try makeTuple(count: 2)
        case .tuple3: try makeTuple(count: 3)
        case .append, .appends:
            try dropItems(from: opcode == .appends ? popMark() : stack.count - 1)
            guard case .list = try top() else { throw unexpected(try top(), "a list") }
        case .setItem: try setItems(from: stack.count - 2)
        case .setItems: try setItems(from: try popMark())
        case .put: try put(Int(try read(UInt8.self)))
        case .longPut: try put(Int(try read(UInt32.self)))
        case .get: try get(Int(try read(UInt8.self)))
        case .longGet: try get(Int(try read(UInt32.self)))
        case .global: stack.append(.symbol(try global()))
        case .persistentID: stack.append(try storage(pop("an identifier")))
        case .reduce:
            let arguments = try pop("arguments")
            stack.append(try call(try pop("a global"), items(of: arguments)))
        case .build:
            // What an ordered dictionary has beside its items: the versions of modules.
            _ = try pop("a state")
            guard case .dictionary = try top() else { throw unexpected(try top(), "a dictionary") }
        case .protocolVersion, .stop: throw failure(.forbiddenInstruction(opcode.rawValue))
        }
    }
}

// What instructions are made of.
extension Unpickler {
    /// An error at the instruction that is followed.
    func failure(_ reason: PickleError.Reason) -> PickleError {
        PickleError(reason: reason, offset: start)
    }

    /// The error of a value that is no such thing.
    func unexpected(_ found: PickleValue?, _ expected: String) -> PickleError {
        failure(.unexpected(found?.kind ?? "nothing", expected: expected))
    }

    /// An empty dictionary, kept with the others.
    mutating func newDictionary() -> PickleValue {
        dictionaries.append([])
        return .dictionary(dictionaries.count - 1)
    }

    /// The items of a tuple.
    func items(of value: PickleValue) throws(PickleError) -> ArraySlice<PickleValue> {
        guard case .tuple(let range) = value else { throw unexpected(value, "a tuple") }
        return tupleItems[range]
    }

    private mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type
    ) throws(PickleError) -> T {
        do throws(TruncatedError) { return try reader.read(type) } catch {
            throw failure(.truncated)
        }
    }

    private mutating func bytes(_ count: Int) throws(PickleError) -> [UInt8] {
        do throws(TruncatedError) { return try reader.read(count: count) } catch {
            throw failure(.truncated)
        }
    }

    private mutating func opcode() throws(PickleError) -> PickleOpcode {
        start = reader.offset
        let byte = try read(UInt8.self)
        if let opcode = PickleOpcode(rawValue: byte) { return opcode }
        switch PickleGlobalOpcode(rawValue: byte) {
        case .inst: throw failure(.forbiddenGlobal("\(try line()).\(try line())"))
        case .stackGlobal:
            let name = try pop("a name").text ?? "?"
            let module = try pop("a module").text ?? "?"
            throw failure(.forbiddenGlobal("\(module).\(name)"))
        case nil: throw failure(.forbiddenInstruction(byte))
        }
    }

    private mutating func text(count: Int) throws(PickleError) -> String {
        guard let text = String(validating: try bytes(count), as: UTF8.self) else {
            throw failure(.badLiteral)
        }
        return text
    }

    /// Reads a whole number of so many bytes as are said, the lowest first.
    private mutating func long() throws(PickleError) -> Int {
        let bytes = try bytes(Int(try read(UInt8.self)))
        guard bytes.count <= 8 else { throw failure(.badLiteral) }
        let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
        return bytes.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) }
    }

    /// Reads up to the end of a line, which is not part of what is read.
    private mutating func line() throws(PickleError) -> String {
        var bytes: [UInt8] = []
        while true {
            let byte = try read(UInt8.self)
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }

    private mutating func global() throws(PickleError) -> TorchSymbol {
        let module = try line()
        let name = try line()
        guard let symbol = TorchSymbol(module: module, name: name) else {
            throw failure(.forbiddenGlobal("\(module).\(name)"))
        }
        return symbol
    }

    private func top() throws(PickleError) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else {
            throw unexpected(nil, "a value")
        }
        return value
    }

    /// Takes the last value off the stack, unless it lies below a mark.
    private mutating func pop(_ expected: String) throws(PickleError) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
            throw unexpected(nil, expected)
        }
        return value
    }

    private mutating func popMark() throws(PickleError) -> Int {
        guard let mark = marks.popLast() else { throw unexpected(nil, "a mark") }
        return mark
    }

    private mutating func makeTuple(count: Int) throws(PickleError) {
        guard stack.count - count >= marks.last ?? 0 else {
            throw unexpected(nil, "\(count) values")
        }
        try makeTuple(from: stack.count - count)
    }

    private mutating func makeTuple(from first: Int) throws(PickleError) {
        let begin = tupleItems.count
        tupleItems.append(contentsOf: stack[first...])
        stack.removeLast(stack.count - first)
        stack.append(.tuple(begin..<tupleItems.count))
    }

    private mutating func dropItems(from first: Int) throws(PickleError) {
        guard first >= marks.last ?? 0 else { throw unexpected(nil, "an item") }
        stack.removeLast(stack.count - first)
    }

    /// Puts the keys and values from `first` on into the dictionary below them.
    private mutating func setItems(from first: Int) throws(PickleError) {
        guard first > marks.last ?? 0, (stack.count - first) % 2 == 0 else {
            throw unexpected(nil, "a dictionary, keys and values")
        }
        guard case .dictionary(let index) = stack[first - 1] else {
            throw unexpected(stack[first - 1], "a dictionary")
        }
        for at in stride(from: first, to: stack.count, by: 2) {
            dictionaries[index].append((stack[at], stack[at + 1]))
        }
        stack.removeLast(stack.count - first)
    }

    private mutating func put(_ index: Int) throws(PickleError) {
        guard index <= memo.count else { throw failure(.badMemo(index)) }
        let value = try top()
        if index == memo.count { memo.append(value) } else { memo[index] = value }
    }

    private mutating func get(_ index: Int) throws(PickleError) {
        guard memo.indices.contains(index) else { throw failure(.badMemo(index)) }
        stack.append(memo[index])
    }
}
