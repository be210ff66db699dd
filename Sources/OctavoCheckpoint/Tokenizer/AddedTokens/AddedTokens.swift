import OctavoBase

/// A token that is found in the text as it is written, before the text is split into words.
struct AddedToken: Sendable {
    /// The most scalars of a content; published ones have some tens.
    ///
    /// A text is searched anew from each of its places, and a long token that is almost there at all
    /// of them would take for ever.
    static let mostScalars = 4096

    var content: String
    var id: Int
    /// Left out when decoding for people to read.
    var isSpecial = true
    /// Looked for after normalization, not before.
    var isNormalized = false
    /// Counts only where no letter, digit or underscore touches it.
    var isSingleWord = false
    /// Swallows the white space before it.
    var stripsLeft = false
    /// Swallows the white space after it.
    var stripsRight = false

    init(id: Int, content: String, isSpecial: Bool) {
        self.id = id
        self.content = content
        self.isSpecial = isSpecial
    }

    /// Reads an item of a tokenizer file's `added_tokens`.
    init(_ json: JSON, _ path: String) throws(TokenizerError) {
        var fields = try TokenizerFields(json, path)
        id = try fields.integer("id")
        content = try fields.string("content")
        guard !content.isEmpty else { throw .unsupported(fields.name("content"), "empty") }
        isSpecial = try fields.bool("special")
        isNormalized = try fields.bool("normalized")
        isSingleWord = try fields.bool("single_word")
        stripsLeft = try fields.bool("lstrip")
        stripsRight = try fields.bool("rstrip")
        try fields.finish()
    }
}

/// The added tokens of a tokenizer file, each checked against the vocabulary.
struct AddedTokens {
    private let vocabulary: Vocabulary
    private(set) var tokens: [AddedToken] = []
    private var idOfContent: [[UInt8]: Int] = [:]
    private var highestID = -1
    private let vocabularyIDs: Set<Int>

    init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        vocabularyIDs = Set(vocabulary.tokens.lazy.map(\.value))
    }

    /// Those that are looked for in normalized text, of a vocabulary that has them all.
    init(_ vocabulary: Vocabulary, normalized added: [AddedToken]) throws(TokenizerError) {
        self.init(vocabulary)
        for var token in added {
            token.isNormalized = true
            try append(token, "piece \(token.id)")
        }
    }

    /// The id of a token, added or in the vocabulary.
    private func id(of content: String) -> Int? {
        idOfContent[Array(content.utf8)] ?? vocabulary.id(of: content)
    }

    private mutating func append(_ token: AddedToken, _ path: String) throws(TokenizerError) {
        let scalars = token.content.unicodeScalars.count
        guard scalars <= AddedToken.mostScalars else {
            throw .addedTokenTooLong(path, scalars: scalars)
        }
        tokens.append(token)
        idOfContent[Array(token.content.utf8)] = token.id
        highestID = max(highestID, token.id)
    }

    /// Reads a tokenizer file's `added_tokens`.
    mutating func read(_ json: JSON, _ path: String) throws(TokenizerError) {
        guard let items = json.array else { throw .wrongType(path, expected: "an array") }
        for (index, item) in items.enumerated() {
            let path = "\(path)[\(index)]"
            let token = try AddedToken(item, path)
            guard 0..<Tokenizer.idLimit ~= token.id else {
                throw .idOutOfRange(token.content, token.id)
            }
            guard idOfContent[Array(token.content.utf8)] == nil else {
                throw .duplicateToken(token.content)
            }
            // The library pays no heed to the id in the file: a token of the vocabulary has the id
            // it has there, any other the next that is free.
            let known = vocabulary.id(of: token.content)
            let expected = known ?? max(vocabulary.count, highestID + 1)
            guard token.id == expected else {
                throw .addedTokenID(token.content, found: token.id, expected: expected)
            }
            // Which happens to the next free one where the vocabulary has gaps.
            guard known != nil || !vocabularyIDs.contains(token.id) else {
                throw .duplicateID(token.id)
            }
            try append(token, path + ".content")
        }
    }

    /// The id of a token that the configuration gives a role; it is found in text from then on.
    mutating func special(_ content: String?, _ role: String) throws(TokenizerError) -> Int? {
        guard let content else { return nil }
        guard let id = id(of: content) else { throw .unknownToken(role, content) }
        if idOfContent[Array(content.utf8)] == nil {
            try append(AddedToken(id: id, content: content, isSpecial: true), role)
        }
        return id
    }
}

/// The ids of the tokens that have a role.
struct TokenRoles {
    var bos: Int?
    var eos: Int?
    var padding: Int?
    var unknown: Int?
}

extension TokenRoles {
    /// The roles that a configuration gives; their tokens are found in text from then on.
    init(
        _ settings: TokenizerConfiguration,
        _ added: inout AddedTokens
    ) throws(TokenizerError) {
        bos = try added.special(settings.bos, "bos_token")
        eos = try added.special(settings.eos, "eos_token")
        padding = try added.special(settings.padding, "pad_token")
        unknown = try added.special(settings.unknown, "unk_token")
    }
}
