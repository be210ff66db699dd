import OctavoModel
import OctavoQuantizer

// What encoding embedding and head takes, known before it begins.
extension EmbeddingQuantization {
    /// The bytes that encoding takes at most: the tensors as they are, as they become and one of them once
    /// more, some rows being solved for, and two streams of the text.
    static func bytes(
        _ configuration: ModelConfiguration,
        _ encoding: EmbeddingEncoding,
        length: Int
    ) -> Int {
        let heads = configuration.tiesEmbeddings ? 1 : 2
        let rows =
            (2 * heads + 1) * configuration.vocabularySize + 16 * 8192 + 2 * (tokens + length)
        var bytes = 4 * rows * configuration.hiddenSize + resident(configuration, encoding)
        if case .additive(let scheme) = encoding {
            bytes += solverBytes(scheme, inputs: configuration.hiddenSize)
        }
        return bytes
    }

    /// The bytes that encoded tensors take while layers are quantized.
    static func resident(_ configuration: ModelConfiguration, _ encoding: EmbeddingEncoding) -> Int
    {
        let (rows, width) = (configuration.vocabularySize, configuration.hiddenSize)
        var bytes =
            rows * width / EmbeddingEncoding.integerGroup * (EmbeddingEncoding.integerGroup + 2)
        if case .additive(let scheme) = encoding {
            let bits = Double(rows * width) * scheme.averageBits(outputs: rows, inputs: width)
            bytes = Int(bits / 8)
        }
        return (configuration.tiesEmbeddings ? 1 : 2) * bytes
    }

    /// About how many operations encoding takes, as large products count them: two passes of the text, and
    /// codes for some rows as for a layer's and for all rows once more.
    static func work(
        _ configuration: ModelConfiguration,
        _ encoding: EmbeddingEncoding,
        _ effort: Effort
    ) -> Double {
        let tables = configuration.tiesEmbeddings ? 1.0 : 2.0
        let (rows, width) = (configuration.vocabularySize, configuration.hiddenSize)
        let weights = (0..<configuration.layerCount).reduce(0) { sum, layer in
            configuration.linears(inLayer: layer).reduce(sum) {
                let shape = $1.shape(in: configuration)
                return $0 + shape.outputs * shape.inputs
            }
        }
        let passes = 4 * Double(tokens) * Double(weights + rows * width)
        guard case .additive(let scheme) = encoding else { return passes }
        func layer(_ rows: Int) -> Double {
            estimatedWork(scheme: scheme, outputs: rows, inputs: width, effort: effort)
        }
        return passes + tables * (layer(min(rows, 8192)) + (rows > 8192 ? layer(rows) : 0))
    }
}
