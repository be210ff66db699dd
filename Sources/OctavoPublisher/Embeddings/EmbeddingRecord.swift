import OctavoBase

/// How embedding and head were encoded with loss, and what that alone costs.
public struct EmbeddingRecord: Sendable, Equatable {
    /// As in `int8` or `4x8g16`.
    public var encoding: String
    /// The tensors, each with the squared error of what it gives, relative to the signal.
    public var tensors: [Table]
    /// KL(original ‖ original with these tensors), the mean of a token in nats.
    public var divergence: Float
    /// The original's perplexity on the same text.
    public var originalPerplexity: Float
    /// That with these tensors.
    public var perplexity: Float
    /// How many tokens of the calibration text were taken, those that heads were fitted to.
    public var tokens: Int

    /// A tensor that is stored with loss.
    public struct Table: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// `tr(ΔHΔᵀ)/tr(WHWᵀ)`: of an embedding H is the identity, of a head the moments of its inputs, of a
        /// tensor that serves as both the mean of these.
        public var relativeLoss: Float
        /// The bytes that it takes in the container.
        public var size: Int
    }
}

extension EmbeddingRecord {
    var json: JSON {
        .object([
            "encoding": .string(encoding),
            "tensors": .array(
                tensors.map {
                    .object([
                        "name": .string($0.name), "relative_loss": .shortest($0.relativeLoss),
                        "size": .integer($0.size),
                    ])
                }
            ),
            "kl": .shortest(divergence), "original_perplexity": .shortest(originalPerplexity),
            "perplexity": .shortest(perplexity), "tokens": .integer(tokens),
        ])
    }

    init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            encoding: try reader.string("encoding"),
            tensors: try reader.list("tensors") { (reader) throws(RecordError) in
                Table(
                    name: try reader.string("name"),
                    relativeLoss: Float(try reader.number("relative_loss")),
                    size: try reader.count("size")
                )
            },
            divergence: Float(try reader.number("kl")),
            originalPerplexity: Float(try reader.number("original_perplexity")),
            perplexity: Float(try reader.number("perplexity")),
            tokens: try reader.count("tokens")
        )
        // As large as a part of a container may be.
        guard tensors.count <= 16, tensors.allSatisfy({ $0.size <= 1 << 48 }) else {
            throw .field(reader.path + "tensors")
        }
    }
}
