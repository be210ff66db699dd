public import OctavoBase

/// Turns text into the tokens of a model, and back, exactly as the `tokenizers` library does it with
/// the same tokenizer.json, or SentencePiece with the same tokenizer.model.
///
/// What is read and what is refused is in formats/tokenizer.md.
public struct Tokenizer: Sendable {
    /// No id may reach this: the tables below are as long as the highest.
    public static let idLimit = 1 << 21

    /// The id of the token that begins a text, if there is one.
    public let bosID: Int?
    /// The id of the token that ends a text, if there is one.
    public let eosID: Int?
    /// The id of the token that fills batches, if there is one.
    public let paddingID: Int?
    /// The id of the token for what cannot be said, if there is one.
    public let unknownID: Int?
    /// The Jinja template of conversations, verbatim, if the configuration has one.
    public let chatTemplate: String?

    private let normalizer: Normalizer
    private let preTokenizer: PreTokenizer
    private let model: TokenModel
    private let postProcessor: PostProcessor
    private let decoder: Decoder
    private let rawFinder: AddedTokenFinder
    private let normalizedFinder: AddedTokenFinder
    /// How each id is spelled; nil where no token has the id.
    private let spellings: [[UInt8]?]
    private let specialIDs: Set<Int>

    /// Reads a tokenizer.json, and what its tokenizer_config.json adds.
    ///
    /// - Throws: Whatever would make the result differ from that of other readers, by its name.
    public init(json: JSON, configuration: JSON? = nil) throws(TokenizerError) {
        var fields = try TokenizerFields(json, "")
        try fields.refuse("version", unless: "1.0")
        // Left behind by whoever saved the file last. `transformers` resets both at each call, and
        // here texts are always encoded whole, one at a time.
        fields.ignore("truncation", "padding")
        let normalizer = try Normalizer(fields.optional("normalizer"), "normalizer")
        let preTokenizer = try PreTokenizer(fields.optional("pre_tokenizer"), "pre_tokenizer")
        guard !(preTokenizer.marksFirst && normalizer.mayDropStart) else {
            throw .unsupported("pre_tokenizer.prepend_scheme", "first, with such a normalizer")
        }
        let model = try TokenModel(
            try fields.required("model"),
            isByteLevel: preTokenizer.isByteLevel
        )
        let decoder = try Decoder(fields.optional("decoder"), "decoder")
        var added = AddedTokens(model.vocabulary)
        if let items = fields.optional("added_tokens") { try added.read(items, "added_tokens") }
        let postProcessor = try PostProcessor(fields.optional("post_processor"), "post_processor")
        try fields.finish()
        let settings =
            if let configuration { try TokenizerConfiguration(configuration) } else {
                TokenizerConfiguration()
            }
        let roles = try TokenRoles(settings, &added)
        try self.init(
            normalizer: normalizer,
            preTokenizer: preTokenizer,
            model: model,
            decoder: decoder,
            added: added.tokens,
            spelledBy: normalizer.apply,
            roles: roles,
            chatTemplate: settings.chatTemplate,
            postProcessor: postProcessor
        )
    }

    /// A tokenizer of parts.
    ///
    /// `spell` says how the added tokens that are looked for in normalized text appear in it.
    init(
        normalizer: Normalizer,
        preTokenizer: PreTokenizer,
        model: TokenModel,
        decoder: Decoder,
        added: [AddedToken],
        spelledBy spell: (ArraySlice<UInt8>) throws(TokenizerError) -> ArraySlice<UInt8>,
        roles: TokenRoles,
        chatTemplate: String?,
        postProcessor: PostProcessor
    ) throws(TokenizerError) {
        bosID = roles.bos
        eosID = roles.eos
        paddingID = roles.padding
        unknownID = roles.unknown
        self.chatTemplate = chatTemplate

        var preTokenizer = preTokenizer
        if model.mayCut(before: spaceMark) { preTokenizer.cutBefore(spaceMark) }
        self.preTokenizer = preTokenizer
        self.normalizer = normalizer
        self.model = model
        self.decoder = decoder
        self.postProcessor = postProcessor
        rawFinder = try AddedTokenFinder(added.filter { !$0.isNormalized }) { $0 }
        normalizedFinder = try AddedTokenFinder(added.filter(\.isNormalized), spelledBy: spell)
        specialIDs = Set(added.lazy.filter(\.isSpecial).map(\.id))
        spellings = try Self.spellings(model.vocabulary, added, spell)
        for id in postProcessor.prefix + postProcessor.suffix { _ = try bytes(of: id) }
    }

    private static func spellings(
        _ vocabulary: Vocabulary,
        _ added: [AddedToken],
        _ spell: (ArraySlice<UInt8>) throws(TokenizerError) -> ArraySlice<UInt8>
    ) throws(TokenizerError) -> [[UInt8]?] {
        let highest = max(
            vocabulary.tokens.lazy.map(\.value).max() ?? -1,
            added.lazy.map(\.id).max() ?? -1
        )
        var table = [[UInt8]?](repeating: nil, count: highest + 1)
        for (token, id) in vocabulary.tokens { table[id] = token }
        for token in added {
            let content = Array(token.content.utf8)[...]
            table[token.id] = Array(token.isNormalized ? try spell(content) : content)
        }
        return table
    }

    /// One more than the highest id: the rows that an embedding needs at least.
    public var vocabularySize: Int { spellings.count }

    /// The id of a token by its spelling in the file, if there is such a token.
    public func id(ofToken token: String) -> Int? {
        model.vocabulary.id(of: token) ?? rawFinder.id(of: token) ?? normalizedFinder.id(of: token)
    }

    /// Whether an id is of a special token, such as those that begin and end texts.
    public func isSpecial(_ id: Int) -> Bool { specialIDs.contains(id) }

    /// Turns a text into tokens.
    ///
    /// - Parameters:
    ///   - text: Any text; the empty one has no tokens of its own.
    ///   - addSpecialTokens: Whether to put around them what the model expects there.
    /// - Returns: The ids of the tokens.
    /// - Throws: When a regular expression of the tokenizer takes too many steps on this text.
    public func encode(_ text: String, addSpecialTokens: Bool) throws(TokenizerError) -> [Int] {
        var ids = addSpecialTokens ? postProcessor.prefix : []
        var cache = WordCache()
        var isFirst = true
        for raw in rawFinder.pieces(of: Array(text.utf8)[...]) {
            if let id = raw.id {
                ids.append(id)
                isFirst = false
                continue
            }
            for piece in normalizedFinder.pieces(of: try normalizer.apply(raw.text)) {
                if let id = piece.id {
                    ids.append(id)
                } else {
                    for word in try preTokenizer.words(of: piece.text, isFirst: isFirst) {
                        cache.append(word, to: &ids, model.encode)
                    }
                }
                isFirst = false
            }
        }
        if addSpecialTokens { ids += postProcessor.suffix }
        return ids
    }

    private func spelling(of id: Int) throws(TokenizerError) -> [UInt8] {
        guard spellings.indices.contains(id), let spelling = spellings[id] else {
            throw .unknownID(id)
        }
        return spelling
    }

    /// The bytes that a token stands for in the middle of a text, which alone need not be valid UTF-8.
    public func bytes(of id: Int) throws(TokenizerError) -> [UInt8] {
        try decoder.bytes(of: spelling(of: id))
    }

    /// The text of tokens; bytes that are not UTF-8 become U+FFFD.
    public func decode(_ ids: [Int], skipSpecialTokens: Bool) throws(TokenizerError) -> String {
        var spellings: [[UInt8]] = []
        for id in ids where !(skipSpecialTokens && isSpecial(id)) {
            spellings.append(try spelling(of: id))
        }
        return String(decoding: try decoder.decode(spellings), as: UTF8.self)
    }
}
