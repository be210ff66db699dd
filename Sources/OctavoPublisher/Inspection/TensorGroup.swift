import OctavoBase
import OctavoCheckpoint

/// A tensor as far as headers describe it.
public struct InspectedTensor: Sendable, Equatable {
    /// Its name, as the model is read.
    public let name: String
    /// The type of its elements, as its format names it.
    public let type: String
    /// Its dimensions, slowest first.
    public let shape: [Int]
    /// The bytes it takes.
    public let byteCount: Int
    /// How a container stores them; nil elsewhere.
    public var encoding: String?
    /// The bytes that they are stored in there.
    public var storedBytes: Int?
}

/// Tensors of a model that differ in nothing but the numbers in their names, such as those of all
/// layers or experts.
public struct TensorGroup: Sendable, Equatable {
    /// Their names with `*` for numbers, as in `model.layers.*.mlp.up_proj.weight`; for linears in the
    /// AQLM layout the path alone.
    public let pattern: String
    /// Their type; `AQLM` for linears that are held as codes.
    public let type: String
    /// Their dimensions, slowest first; of linears held as codes, those of the weight.
    public let shape: [Int]
    /// How many there are.
    public private(set) var count: Int
    /// The bytes that all of them take.
    public private(set) var bytes: Int

    /// The elements of all of them.
    public var weights: Int { count * shape.reduce(1, *) }

    private struct Key: Hashable {
        let pattern: UTF8Key
        let type: String
        let shape: [Int]
    }

    /// Puts tensors together, in the order in which groups first appear by name.
    ///
    /// - Parameters:
    ///   - tensors: All tensors of a model.
    ///   - modules: The linears among them that are held as codes: three tensors, one weight.
    /// - Returns: The groups; the counts of all add up to the weights there are.
    static func grouping(
        _ tensors: [InspectedTensor],
        quantized modules: [AQLMLayout.Module]
    ) -> [TensorGroup] {
        let modules = Dictionary(
            modules.map { (UTF8Key($0.path), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var groups: [TensorGroup] = []
        var places: [Key: Int] = [:]
        func add(_ name: String, _ type: String, _ shape: [Int], count: Int, bytes: Int) {
            let pattern = Self.pattern(of: name)
            let key = Key(pattern: UTF8Key(pattern), type: type, shape: shape)
            if let place = places[key] {
                groups[place].count += count
                groups[place].bytes += bytes
            } else {
                places[key] = groups.count
                groups.append(
                    TensorGroup(
                        pattern: pattern,
                        type: type,
                        shape: shape,
                        count: count,
                        bytes: bytes
                    )
                )
            }
        }
        for tensor in tensors.sorted(by: { precedes($0.name, $1.name) }) {
            let part = [".codes", ".codebooks", ".scales"].lazy.compactMap { suffix in
                tensor.name.removingSuffix(suffix).flatMap { modules[UTF8Key($0)] }
                    .map { ($0, isCodes: suffix == ".codes") }
            }.first
            if let (module, isCodes) = part {
                // The codes stand for the linear; what belongs to them adds bytes alone.
                let shape = [module.outFeatures, module.inFeatures]
                add(module.path, "AQLM", shape, count: isCodes ? 1 : 0, bytes: tensor.byteCount)
            } else {
                add(tensor.name, tensor.type, tensor.shape, count: 1, bytes: tensor.byteCount)
            }
        }
        return groups
    }

    /// A name with `*` for each part of it that is a number.
    private static func pattern(of name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false)
            .map { !$0.isEmpty && $0.utf8.allSatisfy { 48...57 ~= $0 } ? "*" : $0 }
            .joined(separator: ".")
    }
}
