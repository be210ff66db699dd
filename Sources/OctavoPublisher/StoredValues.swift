import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoQuantizer

/// A tensor as a journal stores it.
struct StoredValues {
    let dtype: DType
    let shape: [Int]
    let bytes: [UInt8]

    init(_ dtype: DType, _ shape: [Int], _ bytes: [UInt8]) {
        self.dtype = dtype
        self.shape = shape
        self.bytes = bytes
    }
}

extension QuantizedLinear {
    /// Its tensors, each name behind a prefix.
    func tensors(_ prefix: String = "") -> [String: StoredValues] {
        let scheme = layer.scheme
        return [
            prefix + "codes": StoredValues(
                .u16,
                [layer.outputs, layer.groups, scheme.codebooks],
                layer.codes.byteArray
            ),
            prefix + "codebooks": StoredValues(
                .f16,
                [scheme.codebooks, scheme.entries, scheme.groupSize],
                layer.codebooks.map(Half.narrow).byteArray
            ),
            prefix + "scales": StoredValues(
                .f16,
                [layer.outputs],
                layer.scales.map(Half.narrow).byteArray
            ),
            prefix + "relative_loss": StoredValues(.f32, [1], [relativeLoss].byteArray),
        ]
    }

    /// Reads such tensors.
    ///
    /// - Throws: ``ResumeError/damaged(_:)``, or what they are instead.
    init(
        in checkpoint: Checkpoint,
        prefix: String = "",
        scheme: Scheme,
        outputs: Int,
        inputs: Int
    ) throws {
        let losses = try checkpoint.floats(named: prefix + "relative_loss")
        guard losses.count == 1 else { throw ResumeError.damaged(checkpoint.path) }
        let layer = try AdditiveLayer(
            scheme: scheme,
            outputs: outputs,
            inputs: inputs,
            codes: checkpoint.integers(named: prefix + "codes").map {
                UInt16(truncatingIfNeeded: $0)
            },
            codebooks: checkpoint.floats(named: prefix + "codebooks"),
            scales: checkpoint.floats(named: prefix + "scales")
        )
        self.init(layer: layer, relativeLoss: losses[0])
    }
}

extension EmbeddingMeasures {
    /// As a tensor.
    var stored: StoredValues {
        StoredValues(.f32, [3], [divergence, originalPerplexity, perplexity].byteArray)
    }

    /// Reads such a tensor; nil if it has another length.
    init?(_ numbers: [Float]) {
        guard numbers.count == 3 else { return nil }
        self.init(
            divergence: numbers[0],
            originalPerplexity: numbers[1],
            perplexity: numbers[2]
        )
    }
}

/// Token sequences as tensors.
func storedSequences(_ sequences: [[Int]]) -> [String: StoredValues] {
    func stored(_ values: [Int]) -> StoredValues {
        StoredValues(
            .i32,
            [values.count],
            values.map(Int32.init(truncatingIfNeeded:)).byteArray
        )
    }
    return [
        "tokens": stored(sequences.flatMap(\.self)), "lengths": stored(sequences.map(\.count)),
    ]
}

/// Reads such sequences; nil where lengths and tokens contradict each other.
func calibrationSequences(in checkpoint: Checkpoint) throws -> [[Int]]? {
    let tokens = try checkpoint.integers(named: "tokens").map(Int.init)
    var start = 0
    var sequences: [[Int]] = []
    for length in try checkpoint.integers(named: "lengths").map(Int.init) {
        guard length > 0, length <= tokens.count - start else { return nil }
        sequences.append(Array(tokens[start..<start + length]))
        start += length
    }
    return sequences
}
