internal import OctavoBase

/// The tokens of a tokenizer.json by id, each with what GGUF calls its kind.
struct TokenTable {
    private(set) var tokens: [String]
    private(set) var kinds: [GGUFVocabulary.Kind]

    /// Reads a sound tokenizer.json; ids of no token, up to `rows`, are unused.
    init(_ json: JSON, rows: Int) throws(GGUFVocabularyError) {
        var byID: [Int: (token: String, kind: GGUFVocabulary.Kind)] = [:]
        let model = json["model"]
        let unknown = model?["unk_token"]?.string
        let hasBytes = model?["byte_fallback"] == true
        for (token, id) in model?["vocab"]?.object ?? JSONObject() {
            guard let id = id.integer else { continue }
            byID[id] = (token, hasBytes && isByte(token) ? .byte : .normal)
        }
        for item in json["added_tokens"]?.array ?? [] {
            guard let id = item["id"]?.integer, let content = item["content"]?.string else {
                continue
            }
            let kind: GGUFVocabulary.Kind =
                content == unknown ? .unknown : item["special"] == true ? .control : .userDefined
            byID[id] = (content, kind)
        }
        let count = (byID.keys.max() ?? -1) + 1
        guard count <= rows else { throw .tooManyTokens(count, rows: rows) }
        guard rows <= Tokenizer.idLimit else { throw .badToken("\(rows) rows of the embedding") }
        tokens = (0..<rows).map { byID[$0]?.token ?? "[PAD\($0)]" }
        kinds = (0..<rows).map { byID[$0]?.kind ?? .unused }
    }
}

/// Whether a token is that of a byte, as in `<0x0A>`.
private func isByte(_ token: String) -> Bool {
    token.utf8.count == 6 && token.hasPrefix("<0x") && token.hasSuffix(">")
        && UInt8(token.dropFirst(3).dropLast(), radix: 16) != nil
}

/// What a `pre_tokenizer` does, step by step: two that say the same in other words are equal.
struct PreTokenizerSteps: Equatable {
    private(set) var steps: [JSON] = []
    private(set) var isByteLevel = false

    init(_ json: JSON?) { if let json, json != .null { add(json) } }

    private mutating func add(_ json: JSON) {
        switch json["type"]?.string {
        case "Sequence": for item in json["pretokenizers"]?.array ?? [] { add(item) }
        case "ByteLevel":
            isByteLevel = true
            steps.append(
                .object([
                    "space": .bool(json["add_prefix_space"]?.bool ?? true),
                    "regex": .bool(json["use_regex"]?.bool ?? true),
                ])
            )
        case "Digits":
            steps.append(.object(["digits": .bool(json["individual_digits"]?.bool ?? false)]))
        case "Split":
            steps.append(
                .object([
                    "split": json["pattern"], "behavior": json["behavior"],
                    "invert": .bool(json["invert"]?.bool ?? false),
                ])
            )
        default: steps.append(json)
        }
    }
}
