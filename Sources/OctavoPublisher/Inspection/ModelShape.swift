import OctavoBase
import OctavoCheckpoint

/// The sizes that a model declares of itself, whatever its family calls them; none is checked.
public struct ModelShape: Sendable, Equatable {
    /// The sizes that are told apart, in the order in which they are shown.
    public enum Size: String, CaseIterable, Sendable {
        /// How many decoder blocks there are.
        case layers
        /// The width of the residual stream.
        case hidden
        /// The width inside the feed-forward part.
        case intermediate
        /// How many query heads there are.
        case heads
        /// How many key and value heads there are.
        case keyValueHeads = "key_value_heads"
        /// The width of one head.
        case headDimension = "head_dim"
        /// How many experts a block has.
        case experts
        /// How many of them a token goes through.
        case activeExperts = "active_experts"
        /// How many tokens there are.
        case vocabulary
        /// The longest text, in tokens.
        case context
        /// How far back a token sees, in tokens.
        case window

        /// What configurations call it.
        fileprivate var keys: [String] {
            switch self {
            case .layers: ["num_hidden_layers", "n_layer", "num_layers", "n_layers"]
            case .hidden: ["hidden_size", "n_embd", "d_model", "dim"]
            case .intermediate:
                ["intermediate_size", "ffn_hidden_size", "n_inner", "ffn_dim", "hidden_dim"]
            case .heads: ["num_attention_heads", "n_head", "num_heads", "n_heads"]
            case .keyValueHeads: ["num_key_value_heads", "n_kv_heads", "num_kv_heads"]
            case .headDimension: ["head_dim"]
            case .experts: ["num_local_experts", "num_experts", "n_routed_experts"]
            case .activeExperts: ["num_experts_per_tok", "moe_top_k"]
            case .vocabulary: ["vocab_size", "padded_vocab_size"]
            case .context: ["max_position_embeddings", "n_positions", "max_seq_len", "seq_length"]
            case .window: ["sliding_window"]
            }
        }

        /// What GGUF calls it, behind the name of the architecture.
        fileprivate var metadataKey: String {
            switch self {
            case .layers: "block_count"
            case .hidden: "embedding_length"
            case .intermediate: "feed_forward_length"
            case .heads: "attention.head_count"
            case .keyValueHeads: "attention.head_count_kv"
            case .headDimension: "attention.key_length"
            case .experts: "expert_count"
            case .activeExperts: "expert_used_count"
            case .vocabulary: "vocab_size"
            case .context: "context_length"
            case .window: "attention.sliding_window"
            }
        }
    }

    private var values: [Size: Int] = [:]

    /// A size; nil if it is not declared.
    public subscript(size: Size) -> Int? { values[size] }

    /// Reads a `config.json`; where that of a text model lies in another's, that one.
    init(config: JSON) {
        let config = config["text_config"] ?? config
        for size in Size.allCases {
            values[size] = size.keys.lazy.compactMap { config[$0]?.integer }.first
        }
    }

    /// Reads the metadata of a GGUF file.
    init(metadata: GGUFMetadata) {
        let architecture = metadata.string("general.architecture") ?? ""
        for size in Size.allCases {
            values[size] = metadata.integer(architecture + "." + size.metadataKey)
        }
        values[.vocabulary] =
            values[.vocabulary] ?? metadata["tokenizer.ggml.tokens"]?.array?.count
    }
}
