public import OctavoBase

/// Turns text into the tokens of a model, and back: byte-level byte-pair encoding, exactly as the
/// `tokenizers` library does it with the same file.
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
    private let model: BytePairModel
    private let postProcessor: PostProcessor
    private let rawFinder: AddedTokenFinder
    private let normalizedFinder: AddedTokenFinder
    /// The bytes that each id stands for; nil where no token has the id.
    private let bytesOfID: [[UInt8]?]
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
        normalizer = try Normalizer(fields.optional("normalizer"), "normalizer")
        preTokenizer = try PreTokenizer(fields.optional("pre_tokenizer"), "pre_tokenizer")
        model = try BytePairModel(try fields.required("model"))
        try Self.checkDecoder(try fields.required("decoder"))

        let settings =
            if let configuration { try TokenizerConfiguration(configuration) } else {
                TokenizerConfiguration()
            }
        var added = AddedTokens(model)
        if let items = fields.optional("added_tokens") { try added.read(items, "added_tokens") }
        bosID = try added.special(settings.bos, "bos_token")
        eosID = try added.special(settings.eos, "eos_token")
        paddingID = try added.special(settings.padding, "pad_token")
        unknownID = try added.special(settings.unknown, "unk_token")
        chatTemplate = settings.chatTemplate

        postProcessor = try PostProcessor(fields.optional("post_processor"), "post_processor")
        try fields.finish()

        rawFinder = AddedTokenFinder(added.tokens.filter { !$0.isNormalized }) { $0 }
        let normalizer = normalizer
        normalizedFinder = AddedTokenFinder(
            added.tokens.filter(\.isNormalized),
            spelledBy: normalizer.apply
        )
        specialIDs = Set(added.tokens.lazy.filter(\.isSpecial).map(\.id))
        bytesOfID = Self.bytesOfIDs(model, added.tokens, normalizer)
        for id in postProcessor.prefix + postProcessor.suffix { _ = try bytes(of: id) }
    }

    private static func checkDecoder(_ json: JSON) throws(TokenizerError) {
        var fields = try TokenizerFields(json, "decoder")
        let type = try fields.string("type")
        guard type == "ByteLevel" else { throw .unsupported("decoder.type", type) }
        fields.ignore("add_prefix_space", "trim_offsets", "use_regex")
        try fields.finish()
    }

    private static func bytesOfIDs(
        _ model: BytePairModel,
        _ added: [AddedToken],
        _ normalizer: Normalizer
    ) -> [[UInt8]?] {
        let highest = max(
            model.tokens.lazy.map(\.value).max() ?? -1,
            added.lazy.map(\.id).max() ?? -1
        )
        var table = [[UInt8]?](repeating: nil, count: highest + 1)
        // A token that is not all of the byte alphabet stands for its own characters.
        func set(_ id: Int, _ token: ArraySlice<UInt8>) {
            let text = String(decoding: token, as: UTF8.self)
            table[id] = ByteAlphabet.bytes(of: text) ?? Array(token)
        }
        for (token, id) in model.tokens { set(id, token[...]) }
        for token in added {
            let content = Array(token.content.utf8)[...]
            set(token.id, token.isNormalized ? normalizer.apply(content) : content)
        }
        return table
    }

    /// One more than the highest id: the rows that an embedding needs at least.
    public var vocabularySize: Int { bytesOfID.count }

    /// The id of a token by its spelling in the file, if there is such a token.
    public func id(ofToken token: String) -> Int? {
        model.id(of: token) ?? rawFinder.id(of: token) ?? normalizedFinder.id(of: token)
    }

    /// Whether an id is of a special token, such as those that begin and end texts.
    public func isSpecial(_ id: Int) -> Bool { specialIDs.contains(id) }

    /// Turns a text into tokens.
    ///
    /// - Parameters:
    ///   - text: Any text; the empty one has no tokens of its own.
    ///   - addSpecialTokens: Whether to put around them what the model expects there.
    /// - Returns: The ids of the tokens.
    public func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        var ids = addSpecialTokens ? postProcessor.prefix : []
        var cache = WordCache()
        for raw in rawFinder.pieces(of: Array(text.utf8)[...]) {
            if let id = raw.id {
                ids.append(id)
                continue
            }
            for piece in normalizedFinder.pieces(of: normalizer.apply(raw.text)) {
                if let id = piece.id {
                    ids.append(id)
                    continue
                }
                for word in preTokenizer.words(of: piece.text) {
                    cache.append(word, to: &ids, model.encode)
                }
            }
        }
        if addSpecialTokens { ids += postProcessor.suffix }
        return ids
    }

    /// The bytes that a token stands for, which alone need not be valid UTF-8.
    public func bytes(of id: Int) throws(TokenizerError) -> [UInt8] {
        guard bytesOfID.indices.contains(id), let bytes = bytesOfID[id] else {
            throw .unknownID(id)
        }
        return bytes
    }

    /// The text of tokens; bytes that are not UTF-8 become U+FFFD.
    public func decode(_ ids: [Int], skipSpecialTokens: Bool) throws(TokenizerError) -> String {
        var bytes: [UInt8] = []
        for id in ids where !(skipSpecialTokens && isSpecial(id)) {
            bytes += try self.bytes(of: id)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
