public import OctavoBase

extension GGUFVocabulary {
    /// The vocabulary that holds a tokenizer.json (W5 of formats/gguf.md).
    ///
    /// - Parameters:
    ///   - text: The file, which goes along verbatim.
    ///   - configuration: Its tokenizer_config.json.
    ///   - rows: How many tokens the model's embedding has; those beyond the tokenizer's are unused.
    /// - Throws: Why readers of GGUF would tokenize otherwise.
    public init(
        tokenizerJSON text: String,
        configuration: JSON?,
        rows: Int
    ) throws(GGUFVocabularyError) {
        let json: JSON
        do { json = try JSON(parsing: Array(text.utf8)) } catch {
            throw .tokenizer(.wrongType("tokenizer.json", expected: "JSON: \(error)"))
        }
        // Which refuses whatever is out of order in it.
        let tokenizer = try wrapping { () throws(TokenizerError) in
            try Tokenizer(json: json, configuration: configuration)
        }
        let model = json["model"]
        guard model?["type"] ?? "BPE" == "BPE" else {
            throw .unsupportedModel(model?["type"]?.string ?? "")
        }
        let table = try TokenTable(json, rows: rows)
        let steps = PreTokenizerSteps(json["pre_tokenizer"])
        let isByteLevel = steps.isByteLevel
        let merges = try Self.merges(model?["merges"]?.array ?? [])
        self.init(
            model: isByteLevel ? "gpt2" : "llama",
            pre: isByteLevel ? try Self.split(json, steps) : "default",
            tokens: table.tokens,
            kinds: table.kinds.map(\.rawValue),
            merges: isByteLevel ? merges.map { $0.left + " " + $0.right } : []
        )
        if !isByteLevel {
            addsSpacePrefix = try Self.putsSpaceFirst(json)
            scores = Self.scores(merges, table)
            if addsSpacePrefix == false { writeSpaces() }
        }
        try takeRoles(tokenizer)
        chatTemplate = tokenizer.chatTemplate
        try checkAgainst(json)
        huggingFaceJSON = text
    }

    /// Merges as pairs; older files have each as one text.
    private static func merges(
        _ items: [JSON]
    ) throws(GGUFVocabularyError) -> [(left: String, right: String)] {
        var merges: [(left: String, right: String)] = []
        merges.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            let parts =
                item.array?.compactMap(\.string)
                ?? item.string.map { $0.split(separator: " ").map(String.init) } ?? []
            guard parts.count == 2 else { throw .tokenizer(.malformedMerge(index)) }
            merges.append((parts[0], parts[1]))
        }
        return merges
    }

    /// The name of the way that text is split: one that means all that the file says.
    private static func split(
        _ json: JSON,
        _ steps: PreTokenizerSteps
    ) throws(GGUFVocabularyError) -> String {
        let ignoresMerges = json["model"]?["ignore_merges"]?.bool ?? false
        let normalizer = json["normalizer"].flatMap { $0 == .null ? nil : $0 }
        let composes = normalizer?["type"] == "NFC"
        if let normalizer, !composes {
            throw .normalizes(normalizer["type"]?.string ?? "in an unknown way")
        }
        for name in GGUFSplit.namesToWrite {
            guard let split = GGUFSplit(named: name) else { continue }
            if split.ignoresMerges == ignoresMerges, split.isComposed == composes,
                PreTokenizerSteps(split.preTokenizer) == steps
            {
                return name
            }
        }
        throw .unknownSplit
    }

    /// Whether a space is put in front of a text, in one of the two ways that files spell it.
    private static func putsSpaceFirst(_ json: JSON) throws(GGUFVocabularyError) -> Bool {
        let normalizers =
            json["normalizer"]?["normalizers"]?.array
            ?? json["normalizer"].map { $0 == .null ? [] : [$0] } ?? []
        var puts = false
        for item in normalizers {
            switch item["type"] {
            case "Prepend": puts = true
            case "Replace" where item["pattern"]?["String"] == " ": break
            default: throw .normalizes(item["type"]?.string ?? "in an unknown way")
            }
        }
        let pre = json["pre_tokenizer"]
        switch pre?["type"]?.string {
        case nil: break
        case "Metaspace": puts = pre?["prepend_scheme"] ?? "always" != "never"
        // Which only cuts long words where no merge is.
        case "Split" where pre?["pattern"]?["String"] == " ": break
        default: throw .unknownSplit
        }
        return puts
    }

    /// Scores that give the merges again: a token's is the higher the earlier it was learned.
    private static func scores(
        _ merges: [(left: String, right: String)],
        _ table: TokenTable
    ) -> [Double] {
        var rank: [String: Int] = [:]
        for (left, right) in merges where rank[left + right] == nil {
            rank[left + right] = rank.count
        }
        return zip(table.tokens, table.kinds).map { token, kind in
            guard kind == .normal else { return 0 }
            return -Double(rank[token] ?? rank.count)
        }
    }

    /// Spells tokens that are looked for in text as text: with spaces, as converters do.
    mutating func writeSpaces() {
        for (id, kind) in kinds.enumerated() where kind == Kind.userDefined.rawValue {
            tokens[id] = tokens[id].replacing("\u{2581}", with: " ")
        }
    }

    /// Takes special tokens, and which of them are put around a text.
    mutating func takeRoles(_ tokenizer: Tokenizer) throws(GGUFVocabularyError) {
        (bosID, eosID) = (tokenizer.bosID, tokenizer.eosID)
        (unknownID, paddingID) = (tokenizer.unknownID, tokenizer.paddingID)
        let frame = try wrapping { () throws(TokenizerError) in
            try tokenizer.encode("", addSpecialTokens: true)
        }
        switch frame {
        case []: (addsBOS, addsEOS) = (false, false)
        case [bosID] where bosID != nil: (addsBOS, addsEOS) = (true, false)
        case [eosID] where eosID != nil: (addsBOS, addsEOS) = (false, true)
        case [bosID, eosID] where bosID != nil && eosID != nil: (addsBOS, addsEOS) = (true, true)
        default: throw .unknownFrame
        }
    }

    /// Rebuilds the tokenizer.json as a reader of GGUF does, and compares what decides tokens.
    private func checkAgainst(_ json: JSON) throws(GGUFVocabularyError) {
        let rebuilt = try wrapping { () throws(TokenizerError) in try tokenizerJSON() }
        func merges(_ json: JSON) throws(GGUFVocabularyError) -> [String] {
            try Self.merges(json["model"]?["merges"]?.array ?? []).map { $0.left + " " + $0.right }
        }
        guard try merges(rebuilt) == merges(json) else { throw .differs("merges") }
        func ids(_ json: JSON) -> [UTF8Key: Int] {
            var ids: [UTF8Key: Int] = [:]
            for (token, id) in json["model"]?["vocab"]?.object ?? JSONObject() {
                ids[UTF8Key(token)] = id.integer
            }
            for token in json["added_tokens"]?.array ?? [] {
                ids[UTF8Key(token["content"]?.string ?? "")] = token["id"]?.integer
            }
            return ids
        }
        guard ids(rebuilt) == ids(json) else { throw .differs("tokens") }
    }
}

/// Passes on what a call gives, and wraps what it throws.
func wrapping<T>(_ call: () throws(TokenizerError) -> T) throws(GGUFVocabularyError) -> T {
    do throws(TokenizerError) { return try call() } catch { throw .tokenizer(error) }
}

extension GGUFSplit {
    /// The names by which ways to split text are written: one for each, that of its best known model.
    static let namesToWrite = [
        "gpt-2", "smollm", "command-r", "llama-bpe", "smaug-bpe", "qwen2", "tekken", "gpt-4o",
    ]
}
