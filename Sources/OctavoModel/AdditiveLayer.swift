import OctavoBase
public import OctavoNumerics

/// A linear layer held as sums of codebook entries.
///
/// The weights of output `o` and input group `j` are
/// `scales[o] · Σ_m codebooks[m, codes[o, j, m]]`, a vector of `groupSize` numbers.
/// (Egiazarian et al., "Extreme compression of large language models via additive quantization".)
public struct AdditiveLayer: Sendable, Equatable {
    /// The number of codebooks, the bits of a code, the length of a group.
    public let scheme: Scheme
    /// The number of outputs, at least 1.
    public let outputs: Int
    /// The number of inputs, a multiple of the group size.
    public let inputs: Int
    /// `[outputs, groups, codebooks]`, each below the number of entries.
    public let codes: [UInt16]
    /// `[codebooks, entries, groupSize]`.
    public let codebooks: [Float]
    /// `[outputs]`.
    public let scales: [Float]

    /// What is wrong with the parts of a layer.
    public enum ShapeError: Error, Hashable, Sendable {
        /// There are no outputs or no inputs, or the group size does not divide the inputs.
        case indivisible(inputs: Int, groupSize: Int)
        /// An array is not as long as the shape says.
        case count(of: String, found: Int, shape: [Int])
        /// A code has no entry.
        case code(UInt16, entries: Int)
    }

    /// Takes the parts of a layer if they fit together.
    ///
    /// - Throws: ``ShapeError`` if they do not.
    public init(
        scheme: Scheme,
        outputs: Int,
        inputs: Int,
        codes: [UInt16],
        codebooks: [Float],
        scales: [Float]
    ) throws(ShapeError) {
        guard outputs > 0, inputs > 0, inputs % scheme.groupSize == 0 else {
            throw .indivisible(inputs: inputs, groupSize: scheme.groupSize)
        }
        let groups = inputs / scheme.groupSize
        for (name, found, expected) in [
            ("codes", codes.count, [outputs, groups, scheme.codebooks]),
            ("codebooks", codebooks.count, [scheme.codebooks, scheme.entries, scheme.groupSize]),
            ("scales", scales.count, [outputs]),
        ] where found != elementCount(of: expected) {
            throw .count(of: name, found: found, shape: expected)
        }
        if let largest = codes.max(), Int(largest) >= scheme.entries {
            throw .code(largest, entries: scheme.entries)
        }
        self.scheme = scheme
        self.outputs = outputs
        self.inputs = inputs
        self.codes = codes
        self.codebooks = codebooks
        self.scales = scales
    }

    /// How many groups an output has.
    public var groups: Int { inputs / scheme.groupSize }

    /// The codes as kernels take them.
    public var indices: AdditiveCodes {
        AdditiveCodes(
            codes,
            rows: outputs,
            groups: groups,
            codebooks: scheme.codebooks,
            entries: scheme.entries,
            size: scheme.groupSize
        )
    }

    /// Returns the weights that the layer stands for, `[outputs, inputs]`.
    public func dequantized(threads: Int = 1) -> Matrix {
        indices.weights(codebooks: codebooks, scales: scales, threads: threads)
    }
}
