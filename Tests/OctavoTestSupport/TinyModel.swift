import Foundation
public import OctavoBase

/// A Llama of our own making, small enough to fold in a second: random weights, a byte-level
/// tokenizer with no merges.
///
/// Written byte by byte here, so that no reader is tested by its own writer.
public struct TinyModel: Sendable {
    /// The width of the residual stream.
    public var hidden = 64
    /// The width of the feed-forward layers.
    public var intermediate = 128
    /// How many blocks there are.
    public var layers = 2
    /// Query heads and key-value heads.
    public var heads = 4
    /// Key-value heads, each shared by `heads / keyValueHeads` query heads.
    public var keyValueHeads = 2
    /// How many experts each block has, of which a token passes one: a Mixtral then; 0 for a Llama.
    public var experts = 0
    /// The longest sequence it takes.
    public var context = 256
    /// How its conversations are written; nil if it is not said.
    public var chatTemplate: String?
    /// The seed of the weights.
    public var seed: UInt64 = 1
    /// What is done to the tensors before they are written, for files that lie.
    public var change: @Sendable (inout [String: (shape: [Int], values: [Float])]) -> Void = { _ in
    }

    /// The usual one.
    public init() {}

    /// One that folds in a fraction of a second: two blocks of width 32.
    public static var small: TinyModel {
        var model = TinyModel()
        (model.hidden, model.intermediate, model.heads, model.keyValueHeads) = (32, 64, 2, 1)
        return model
    }

    /// The same with six blocks, so that there is time to interrupt.
    public static var tall: TinyModel {
        var model = small
        model.layers = 6
        return model
    }

    /// A template of conversations that its tokens suffice for: a role, a colon, and a line; answers end with
    /// the end of a text.
    public static let simpleTemplate = """
        {{ bos_token }}{% for m in messages %}{{ m.role + ': ' + m.content }}{% if m.role == 'assistant' %}\
        {{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}\
        {% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}
        """

    /// A change that leaves the token which ends a text without any likelihood of its own: it is never the likeliest.
    public static let withoutEnd:
        @Sendable (inout [String: (shape: [Int], values: [Float])]) -> Void = {
            tensors in
            guard let width = tensors["model.embed_tokens.weight"]?.shape.last else { return }
            tensors["model.embed_tokens.weight"]?.values.replaceSubrange(
                width..<2 * width,
                with: repeatElement(0, count: width)
            )
        }

    /// The bytes, and two special tokens in front of them.
    public static let vocabulary = 258

    /// Writes the model in Hugging Face layout.
    public func write(to directory: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        try AtomicFile.write(config.text(), to: directory + "/config.json")
        try AtomicFile.write(Self.tokenizer.text(), to: directory + "/tokenizer.json")
        try AtomicFile.write(
            JSON.object([
                "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<bos>",
                "eos_token": "<eos>", "chat_template": chatTemplate.map(JSON.string),
            ]).text(),
            to: directory + "/tokenizer_config.json"
        )
        try AtomicFile.write(
            JSON.object(["bos_token_id": 0, "eos_token_id": 1]).text(),
            to: directory + "/generation_config.json"
        )
        try AtomicFile.write(safetensors(tensors), to: directory + "/model.safetensors")
    }

    /// What config.json says.
    public var config: JSON {
        let llama = JSON.object([
            "architectures": ["LlamaForCausalLM"], "model_type": "llama",
            "hidden_size": .integer(hidden), "intermediate_size": .integer(intermediate),
            "num_hidden_layers": .integer(layers), "num_attention_heads": .integer(heads),
            "num_key_value_heads": .integer(keyValueHeads), "head_dim": .integer(hidden / heads),
            "vocab_size": .integer(Self.vocabulary), "max_position_embeddings": .integer(context),
            "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
            "tie_word_embeddings": true, "attention_bias": false, "mlp_bias": false,
            "bos_token_id": 0, "eos_token_id": 1, "torch_dtype": "float32",
        ])
        guard experts > 0, var config = llama.object else { return llama }
        config["architectures"] = ["MixtralForCausalLM"]
        config["model_type"] = "mixtral"
        config["num_local_experts"] = .integer(experts)
        config["num_experts_per_tok"] = 1
        return .object(config)
    }

    /// Its tensors, as they are written.
    public var tensors: [String: (shape: [Int], values: [Float])] {
        var tensors = randomTensors()
        change(&tensors)
        return tensors
    }

    private func randomTensors() -> [String: (shape: [Int], values: [Float])] {
        var generator = SeededGenerator(seed: seed)
        var tensors: [String: (shape: [Int], values: [Float])] = [:]
        func add(_ name: String, _ shape: [Int], around mean: Float = 0, spread: Float) {
            tensors[name] = (
                shape,
                (0..<shape.reduce(1, *)).map { _ in
                    // The sum of four uniform numbers is near enough to normal.
                    let sum = (0..<4).reduce(0.0) { total, _ in total + generator.nextUnit() } - 2
                    return mean + spread * Float(sum)
                }
            )
        }
        let keyValueWidth = hidden / heads * keyValueHeads
        add("model.embed_tokens.weight", [Self.vocabulary, hidden], spread: 1)
        for layer in 0..<layers {
            let prefix = "model.layers.\(layer)."
            add(prefix + "input_layernorm.weight", [hidden], around: 1, spread: 0.1)
            add(prefix + "self_attn.q_proj.weight", [hidden, hidden], spread: 0.3)
            add(prefix + "self_attn.k_proj.weight", [keyValueWidth, hidden], spread: 0.3)
            add(prefix + "self_attn.v_proj.weight", [keyValueWidth, hidden], spread: 0.3)
            add(prefix + "self_attn.o_proj.weight", [hidden, hidden], spread: 0.3)
            add(prefix + "post_attention_layernorm.weight", [hidden], around: 1, spread: 0.1)
            guard experts > 0 else {
                add(prefix + "mlp.gate_proj.weight", [intermediate, hidden], spread: 0.3)
                add(prefix + "mlp.up_proj.weight", [intermediate, hidden], spread: 0.3)
                add(prefix + "mlp.down_proj.weight", [hidden, intermediate], spread: 0.3)
                continue
            }
            add(prefix + "block_sparse_moe.gate.weight", [experts, hidden], spread: 0.3)
            for expert in 0..<experts {
                let prefix = prefix + "block_sparse_moe.experts.\(expert)."
                add(prefix + "w1.weight", [intermediate, hidden], spread: 0.3)
                add(prefix + "w3.weight", [intermediate, hidden], spread: 0.3)
                add(prefix + "w2.weight", [hidden, intermediate], spread: 0.3)
            }
        }
        add("model.norm.weight", [hidden], around: 1, spread: 0.1)
        return tensors
    }

    /// One token a byte, in the spelling of byte-level tokenizers: printable bytes as themselves, the
    /// others as the characters from U+0100 on.
    private static var tokenizer: JSON {
        var vocabulary = JSONObject()
        vocabulary["<bos>"] = 0
        vocabulary["<eos>"] = 1
        var spare: UInt32 = 0x100
        for byte in UInt32(0)...255 {
            let isPrintable =
                (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
            var code = byte
            if !isPrintable {
                code = spare
                spare += 1
            }
            if let scalar = Unicode.Scalar(code) {
                vocabulary[String(Character(scalar))] = .integer(Int(byte) + 2)
            }
        }
        func special(_ id: Int, _ content: String) -> JSON {
            .object([
                "id": .integer(id), "content": .string(content), "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false, "special": true,
            ])
        }
        let byteLevel = JSON.object([
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
        ])
        return .object([
            "version": "1.0", "truncation": .null, "padding": .null,
            "added_tokens": [special(0, "<bos>"), special(1, "<eos>")],
            "normalizer": .null, "pre_tokenizer": byteLevel, "post_processor": byteLevel,
            "decoder": byteLevel,
            "model": .object([
                "type": "BPE", "dropout": .null, "unk_token": .null,
                "continuing_subword_prefix": .null, "end_of_word_suffix": .null,
                "fuse_unk": false, "byte_fallback": false, "vocab": .object(vocabulary),
                "merges": [],
            ]),
        ])
    }
}

/// The bytes of a safetensors file of float32 tensors, in the order of their names.
public func safetensors(_ tensors: [String: (shape: [Int], values: [Float])]) -> [UInt8] {
    safetensors(
        tensors.mapValues {
            StoredTensor(dtype: "F32", shape: $0.shape, bytes: $0.values.byteArray)
        }
    )
}
