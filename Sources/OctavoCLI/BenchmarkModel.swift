import OctavoBase
import OctavoModel

/// A made-up quantized llama to measure on: random codes and codebooks, in the shapes that are asked for.
struct BenchmarkModel: WeightSource {
    let configuration: ModelConfiguration
    let scheme: Scheme
    let seed: Int

    /// Chooses the shapes: heads of 64, a third of them keys and values where that divides them.
    ///
    /// - Throws: What the configuration finds wrong with them.
    init(
        width: Int,
        intermediate: Int,
        blocks: Int,
        vocabulary: Int,
        context: Int,
        scheme: Scheme,
        seed: Int
    ) throws {
        let heads = max(1, width / 64)
        configuration = try ModelConfiguration(
            json: .object([
                "architectures": ["LlamaForCausalLM"], "model_type": "llama",
                "hidden_size": .integer(width), "intermediate_size": .integer(intermediate),
                "num_hidden_layers": .integer(blocks), "num_attention_heads": .integer(heads),
                "num_key_value_heads": .integer(heads % 3 == 0 ? heads / 3 : heads),
                "head_dim": .integer(width / heads), "vocab_size": .integer(vocabulary),
                "max_position_embeddings": .integer(context), "rms_norm_eps": 1e-5,
                "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": true,
                "attention_bias": false, "mlp_bias": false,
            ])
        )
        (self.scheme, self.seed) = (scheme, seed)
    }

    func tensor(_ name: String) -> (shape: [Int], elements: [Float]) {
        let width = configuration.hiddenSize
        guard name.hasSuffix("embed_tokens.weight") else {
            return ([width], [Float](repeating: 1, count: width))
        }
        let count = configuration.vocabularySize * width
        return ([configuration.vocabularySize, width], numbers(name, count, spread: 0.05))
    }

    func additiveLayer(_ name: String) throws -> AdditiveLayer? {
        for block in 0..<configuration.layerCount {
            for linear in configuration.linears(inLayer: block)
            where linear.path(layer: block) == name {
                let (outputs, inputs) = linear.shape(in: configuration)
                var generator = SeededGenerator(seed: UInt64(seed), stream: stream(name))
                let count = outputs * inputs / scheme.groupSize * scheme.codebooks
                return try AdditiveLayer(
                    scheme: scheme,
                    outputs: outputs,
                    inputs: inputs,
                    codes: (0..<count).map { _ in
                        UInt16.random(in: 0...UInt16(scheme.entries - 1), using: &generator)
                    },
                    codebooks: numbers(
                        name + ".codebooks",
                        scheme.codebooks * scheme.entries * scheme.groupSize,
                        spread: 0.03
                    ),
                    scales: [Float](repeating: 1, count: outputs)
                )
            }
        }
        return nil
    }

    private func stream(_ name: String) -> UInt64 {
        name.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }

    /// Uniform numbers around zero.
    private func numbers(_ name: String, _ count: Int, spread: Float) -> [Float] {
        var generator = SeededGenerator(seed: UInt64(seed), stream: stream(name))
        return (0..<count).map { _ in spread * (2 * Float(generator.nextUnit()) - 1) }
    }
}
