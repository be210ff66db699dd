import OctavoBase
import OctavoCheckpoint

/// What a model's tokenizer is, from its files alone: one that Octavo cannot run is described too.
public struct TokenizerFacts: Sendable, Equatable {
    /// The file that has it; nil in a GGUF file.
    public var file: String?
    /// How it works, as in `BPE, byte-level`.
    public var kind: String
    /// How many tokens it has; nil where that would take more than a look.
    public var vocabulary: Int?
    /// Tokens with a part of their own, by that part: `bos`, `eos`, `unk`, `pad`.
    public var special: [(role: String, token: String)] = []
    /// Whether it knows how to write a conversation.
    public var hasChatTemplate = false

    /// Looks at the tokenizer of a model; nil if it has none.
    init?(_ checkpoint: Checkpoint) {
        if let metadata = checkpoint.ggufMetadata {
            self.init(metadata)
            return
        }
        func json(_ name: String) -> JSON? {
            checkpoint.sideFiles.first { $0.name == name }
                .flatMap { try? $0.bytes() }
                .flatMap { try? JSON(parsing: $0) }
        }
        let names = Set(checkpoint.sideFiles.map(\.name))
        if let tokenizer = json("tokenizer.json") {
            self.init(tokenizer)
        } else if names.contains("tokenizer.json") {
            // Malformed, or of a model elsewhere and too large to be fetched for a look.
            self.init(file: "tokenizer.json", kind: "not read")
        } else if names.contains("tokenizer.model") {
            self.init(file: "tokenizer.model", kind: "SentencePiece")
        } else if names.contains("vocab.json") {
            self.init(file: "vocab.json", kind: "BPE, byte-level")
            vocabulary = json("vocab.json")?.object?.count
        } else {
            return nil
        }
        let configuration = json("tokenizer_config.json")
        let map = json("special_tokens_map.json")
        for role in Self.roles {
            // Either the token, or the token with its attributes.
            let value = configuration?[role + "_token"] ?? map?[role + "_token"]
            if let token = value?.string ?? value?["content"]?.string {
                special.append((role, token))
            }
        }
        hasChatTemplate =
            configuration?["chat_template"] ?? .null != .null
            || !names.isDisjoint(with: ["chat_template.jinja", "chat_template.json"])
    }

    /// Looks at the tokenizer in a GGUF file; nil if it has none.
    init?(_ metadata: GGUFMetadata) {
        guard let model = metadata.string("tokenizer.ggml.model") else { return nil }
        let tokens = metadata.strings("tokenizer.ggml.tokens") ?? []
        let pre = metadata.string("tokenizer.ggml.pre").map { ", " + $0 } ?? ""
        self.init(file: nil, kind: model + pre, vocabulary: tokens.count)
        for (role, key) in zip(Self.roles, ["bos", "eos", "unknown", "padding"]) {
            guard let id = metadata.integer("tokenizer.ggml.\(key)_token_id"),
                tokens.indices.contains(id)
            else { continue }
            special.append((role, tokens[id]))
        }
        hasChatTemplate = metadata.string("tokenizer.chat_template") != nil
    }

    /// Looks at a `tokenizer.json`.
    private init(_ json: JSON) {
        let model = json["model"]
        var kind = model?["type"]?.string ?? "of no known kind"
        if Self.mentions("ByteLevel", in: json["decoder"]) {
            kind += ", byte-level"
        } else if model?["byte_fallback"] == true {
            kind += ", byte fallback"
        }
        self.init(file: "tokenizer.json", kind: kind)
        // Ids from the vocabulary and from added tokens overlap.
        let vocabulary = model?["vocab"]
        let added = json["added_tokens"]?.array ?? []
        let count = vocabulary?.object?.count ?? vocabulary?.array?.count ?? 0
        let beyond = added.filter { token in
            token["id"]?.integer.map { $0 >= count } ?? false
        }
        self.vocabulary = count + beyond.count
    }

    private init(file: String?, kind: String, vocabulary: Int? = nil) {
        self.file = file
        self.kind = kind
        self.vocabulary = vocabulary
    }

    private static let roles = ["bos", "eos", "unk", "pad"]

    /// Whether a step, or one of the steps that it consists of, is of a type.
    private static func mentions(_ type: String, in step: JSON?) -> Bool {
        step?["type"]?.string == type
            || step?["decoders"]?.array?.contains { $0["type"]?.string == type } == true
    }

    /// Compares all of it.
    public static func == (a: TokenizerFacts, b: TokenizerFacts) -> Bool {
        (a.file, a.kind, a.vocabulary, a.hasChatTemplate)
            == (b.file, b.kind, b.vocabulary, b.hasChatTemplate)
            && a.special.elementsEqual(b.special, by: ==)
    }
}
