public import OctavoBase

/// The vocabulary that a GGUF file carries in its metadata, from which the tokenizer files of a
/// Hugging Face checkpoint are rebuilt.
///
/// What cannot be rebuilt for certain is refused; formats/tokenizer.md says what is taken from where.
public struct GGUFVocabulary: Sendable {
    /// The kind of tokenizer: "gpt2", byte-level byte-pair encoding, or "llama", SentencePiece's.
    public var model: String
    /// The name of the way text is split into words.
    public var pre: String?
    /// The tokens, by id.
    public var tokens: [String]
    /// The kind of each token (`Kind`), or nothing: then all are normal.
    public var kinds: [Int]
    /// The merges, each two tokens with a space between, the first learned first.
    public var merges: [String]
    /// The score of each token, which a "llama" has instead of merges: the highest is merged first.
    public var scores: [Double] = []
    /// Whether a space is put in front of a text; nil if the file does not say.
    public var addsSpacePrefix: Bool?
    /// Whether the file names a table that text is normalized by, or extra spaces as removed.
    public var normalizesText = false
    /// The tokenizer.json that the file was made with, if it holds that.
    public var huggingFaceJSON: String?
    /// The id of the token that begins a text.
    public var bosID: Int?
    /// The id of the token that ends a text.
    public var eosID: Int?
    /// The id of the token for what cannot be said.
    public var unknownID: Int?
    /// The id of the token that fills batches.
    public var paddingID: Int?
    /// Whether a text is begun with that token; nil leaves it to the custom of `pre`.
    public var addsBOS: Bool?
    /// Whether a text is ended with that token.
    public var addsEOS: Bool?
    /// The Jinja template of conversations.
    public var chatTemplate: String?
    /// The longest text the model was made for, in tokens.
    public var contextLength: Int?

    /// What GGUF says about a token.
    enum Kind: Int {
        case normal = 1
        case unknown
        case control
        case userDefined
        case unused
        case byte
    }

    /// A vocabulary of tokens and merges, with all else unsaid.
    public init(model: String, pre: String?, tokens: [String], kinds: [Int], merges: [String]) {
        self.model = model
        self.pre = pre
        self.tokens = tokens
        self.kinds = kinds
        self.merges = merges
    }

    /// The tokenizer that the rebuilt files describe.
    public func tokenizer() throws(TokenizerError) -> Tokenizer {
        try Tokenizer(json: tokenizerJSON(), configuration: tokenizerConfiguration())
    }

    /// Each token with its kind.
    func kindsOfTokens() throws(TokenizerError) -> [(token: String, kind: Kind)] {
        guard tokens.count <= Tokenizer.idLimit else {
            throw .idOutOfRange(tokens[Tokenizer.idLimit], Tokenizer.idLimit)
        }
        guard !kinds.isEmpty else { return tokens.map { ($0, .normal) } }
        guard kinds.count == tokens.count else {
            throw .wrongType("tokenizer.ggml.token_type", expected: "as long as tokens")
        }
        var result: [(token: String, kind: Kind)] = []
        result.reserveCapacity(tokens.count)
        for (id, number) in kinds.enumerated() {
            guard let kind = Kind(rawValue: number), kind != .byte || hasScores else {
                throw .unsupported("tokenizer.ggml.token_type[\(id)]", "\(number)")
            }
            result.append((tokens[id], kind))
        }
        return result
    }

    /// Whether tokens are merged by their scores.
    var hasScores: Bool { model == "llama" }

    /// Whether a text is begun with a token for that.
    private var beginsTexts: Bool {
        addsBOS ?? (hasScores || pre.flatMap(GGUFSplit.init(named:))?.addsBOS ?? false)
    }

    /// A token with a role: nil if the role is empty.
    func token(_ id: Int?, _ role: String) throws(TokenizerError) -> String? {
        guard let id else { return nil }
        guard tokens.indices.contains(id) else { throw .unknownToken(role, "\(id)") }
        return tokens[id]
    }

    /// The `post_processor` that puts tokens around texts.
    func template() throws(TokenizerError) -> JSON {
        let bos = beginsTexts ? try token(bosID, "tokenizer.ggml.bos_token_id") : nil
        let eos = addsEOS == true ? try token(eosID, "tokenizer.ggml.eos_token_id") : nil
        func parts(_ sequence: JSON, _ type: Int) -> [JSON] {
            func special(_ token: String?) -> [JSON] {
                guard let token else { return [] }
                return [
                    .object([
                        "SpecialToken": .object(["id": .string(token), "type_id": .integer(type)])
                    ])
                ]
            }
            let text = JSON.object([
                "Sequence": .object(["id": sequence, "type_id": .integer(type)])
            ])
            return special(bos) + [text] + special(eos)
        }
        var used = JSONObject()
        for (token, id) in [(bos, bosID), (eos, eosID)] {
            guard let token, let id else { continue }
            used[token] = .object([
                "id": .string(token), "ids": [.integer(id)], "tokens": [.string(token)],
            ])
        }
        return .object([
            "type": "TemplateProcessing",
            "single": .array(parts("A", 0)),
            "pair": .array(parts("A", 0) + parts("B", 1)),
            "special_tokens": .object(used),
        ])
    }

    /// A tokenizer_config.json to go with it, the chat template verbatim.
    public func tokenizerConfiguration() throws(TokenizerError) -> JSON {
        func role(_ id: Int?, _ name: String) throws(TokenizerError) -> JSON? {
            try token(id, name).map { .string($0) }
        }
        var decoder = JSONObject()
        for token in try addedTokens() { decoder["\(token.id)"] = .object([:], token.attributes) }
        return .object([
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": try role(bosID, "tokenizer.ggml.bos_token_id"),
            "eos_token": try role(eosID, "tokenizer.ggml.eos_token_id"),
            "pad_token": try role(paddingID, "tokenizer.ggml.padding_token_id"),
            "unk_token": try role(unknownID, "tokenizer.ggml.unknown_token_id"),
            "add_bos_token": .bool(beginsTexts && bosID != nil),
            "add_eos_token": .bool(addsEOS == true && eosID != nil),
            "added_tokens_decoder": .object(decoder),
            "model_max_length": contextLength.map { .integer($0) },
            "clean_up_tokenization_spaces": false,
            "chat_template": chatTemplate.map { .string($0) },
        ])
    }
}
