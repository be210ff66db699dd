public import OctavoBase

extension GGUFVocabulary {
    /// A complete tokenizer.json.
    ///
    /// - Throws: What keeps it from being rebuilt for certain.
    public func tokenizerJSON() throws(TokenizerError) -> JSON {
        if let huggingFaceJSON {
            do { return try JSON(parsing: huggingFaceJSON) } catch {
                throw .wrongType("tokenizer.huggingface.json", expected: "JSON: \(error)")
            }
        }
        switch model {
        case "gpt2": return try byteLevelJSON()
        case "llama": return try scoredJSON()
        default: throw .unsupported("tokenizer.ggml.model", model)
        }
    }

    /// The tokens that are found in text as they are written, as tokenizer files list them.
    func addedTokens() throws(TokenizerError) -> [AddedToken] {
        var added: [AddedToken] = []
        for (id, (token, kind)) in try kindsOfTokens().enumerated() {
            switch kind {
            case .control, .unknown:
                added.append(AddedToken(id: id, content: token, isSpecial: true))
            case .userDefined:
                var item = AddedToken(id: id, content: spelling(token, kind), isSpecial: false)
                // What is spelled with marks is found once spaces have become marks.
                item.isNormalized = item.content != token
                added.append(item)
            case .normal, .unused, .byte: break
            }
        }
        return added
    }

    /// How a token is spelled in the files.
    ///
    /// Converters write a space for the mark in tokens that are looked for in text. Where a space is put
    /// in front of texts, it would be put in front of these too, so there they stay as they are.
    private func spelling(_ token: String, _ kind: Kind) -> String {
        guard hasScores, kind == .userDefined, addsSpacePrefix == false else { return token }
        var result = ""
        for scalar in token.unicodeScalars {
            result.unicodeScalars.append(scalar == " " ? "\u{2581}" : scalar)
        }
        return result
    }

    /// The ids of the tokens by spelling; rows that no token uses are left out.
    private func vocabulary() throws(TokenizerError) -> JSONObject {
        var vocabulary = JSONObject()
        for (id, (token, kind)) in try kindsOfTokens().enumerated() {
            // Rows of an embedding that no token uses have names made up for them.
            if kind == .unused && token == "[PAD\(id)]" { continue }
            let token = spelling(token, kind)
            guard vocabulary[token] == nil else { throw .duplicateToken(token) }
            vocabulary[token] = .integer(id)
        }
        return vocabulary
    }

    private func byteLevelJSON() throws(TokenizerError) -> JSON {
        guard let pre, let split = GGUFSplit(named: pre) else { throw .unknownSplit(pre) }
        return try file(
            normalizer: split.isComposed ? .object(["type": "NFC"]) : .null,
            preTokenizer: split.preTokenizer,
            decoder: .byteLevel(prefixSpace: true, splits: true),
            model: .bytePair(
                ignoresMerges: split.ignoresMerges,
                vocabulary: try vocabulary(),
                merges: merges.map { .string($0) }
            )
        )
    }

    /// The file as `transformers` converts a SentencePiece model: merges are made of scores.
    private func scoredJSON() throws(TokenizerError) -> JSON {
        guard scores.count == tokens.count else {
            throw .wrongType("tokenizer.ggml.scores", expected: "as long as tokens")
        }
        guard !normalizesText else {
            throw .unsupported("tokenizer.ggml.precompiled_charsmap", "not empty")
        }
        let kinds = try kindsOfTokens()
        let bytes = kinds.count { $0.kind == .byte }
        guard bytes == 0 || bytes == 256 else {
            throw .unsupported("tokenizer.ggml.token_type", "6 (byte) for \(bytes) tokens")
        }
        let found = ScoredMerges(
            try Vocabulary(tokens),
            scores: scores,
            ids: kinds.indices.filter { kinds[$0].kind == .normal }
        )
        let unknown = unknownID ?? kinds.firstIndex { $0.kind == .unknown }
        let addsPrefix = addsSpacePrefix ?? true
        let prefix: [JSON] =
            addsPrefix ? [.object(["type": "Prepend", "prepend": "\u{2581}"])] : []
        let strip: [JSON] =
            addsPrefix
            ? [.object(["type": "Strip", "content": " ", "start": 1, "stop": 0])] : []
        return try file(
            normalizer: .object([
                "type": "Sequence",
                "normalizers": .array(prefix + [.replace(" ", with: "\u{2581}")]),
            ]),
            preTokenizer: .null,
            decoder: .object([
                "type": "Sequence",
                "decoders": .array(
                    [
                        .replace("\u{2581}", with: " "), .object(["type": "ByteFallback"]),
                        .object(["type": "Fuse"]),
                    ] + strip
                ),
            ]),
            model: .bytePair(
                unknown: try token(unknown, "tokenizer.ggml.unknown_token_id"),
                fallsBackToBytes: bytes > 0,
                vocabulary: try vocabulary(),
                merges: found.ordered.map {
                    [.string(tokens[$0.left]), .string(tokens[$0.right])]
                }
            )
        )
    }

    private func file(
        normalizer: JSON,
        preTokenizer: JSON,
        decoder: JSON,
        model: JSON
    ) throws(TokenizerError) -> JSON {
        .object([
            "version": "1.0",
            "truncation": .null,
            "padding": .null,
            "added_tokens": .array(
                try addedTokens().map { .object(["id": .integer($0.id)], $0.attributes) }
            ),
            "normalizer": normalizer,
            "pre_tokenizer": preTokenizer,
            "post_processor": try template(),
            "decoder": decoder,
            "model": model,
        ])
    }
}

extension JSON {
    fileprivate static func replace(_ text: String, with content: String) -> JSON {
        .object([
            "type": "Replace", "pattern": .object(["String": .string(text)]),
            "content": .string(content),
        ])
    }

    fileprivate static func bytePair(
        unknown: String? = nil,
        fallsBackToBytes: Bool = false,
        ignoresMerges: Bool = false,
        vocabulary: JSONObject,
        merges: [JSON]
    ) -> JSON {
        .object([
            "type": "BPE",
            "dropout": .null,
            "unk_token": unknown.map { .string($0) } ?? .null,
            "continuing_subword_prefix": .null,
            "end_of_word_suffix": .null,
            "fuse_unk": .bool(unknown != nil),
            "byte_fallback": .bool(fallsBackToBytes),
            "ignore_merges": .bool(ignoresMerges),
            "vocab": .object(vocabulary),
            "merges": .array(merges),
        ])
    }
}

extension AddedToken {
    /// All but the id, as both files spell it.
    var attributes: KeyValuePairs<String, JSON?> {
        [
            "content": .string(content), "single_word": .bool(isSingleWord),
            "lstrip": .bool(stripsLeft), "rstrip": .bool(stripsRight),
            "normalized": .bool(isNormalized), "special": .bool(isSpecial),
        ]
    }
}

extension JSON {
    /// An object of two lists of members.
    static func object(
        _ first: KeyValuePairs<String, JSON?>,
        _ second: KeyValuePairs<String, JSON?>
    ) -> JSON {
        var object = JSONObject()
        for (key, value) in first { object[key] = value }
        for (key, value) in second { object[key] = value }
        return .object(object)
    }
}
