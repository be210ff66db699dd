public import OctavoBase

extension GGUFVocabulary {
    /// The vocabulary that holds a `tokenizer.model` (W5 of formats/gguf.md).
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - configuration: Its tokenizer_config.json.
    ///   - rows: How many tokens the model's embedding has; those beyond the tokenizer's are unused.
    /// - Throws: Why readers of GGUF would tokenize otherwise.
    public init(
        sentencePiece bytes: [UInt8],
        configuration: JSON?,
        rows: Int
    ) throws(GGUFVocabularyError) {
        let file: SentencePieceModel
        let tokenizer: Tokenizer
        do {
            file = try SentencePieceModel(bytes)
            tokenizer = try Tokenizer(sentencePiece: bytes, configuration: configuration)
        } catch let error as SentencePieceError {
            throw .sentencePiece(error)
        } catch let error as TokenizerError {
            throw .tokenizer(error)
        } catch {
            throw .badToken("\(error)")
        }
        guard file.algorithm == .bytePair else { throw .unsupportedModel("Unigram") }
        guard file.charsmap == nil else { throw .normalizes("by a table") }
        guard !file.removesExtraSpaces else { throw .normalizes("extra spaces away") }
        guard !file.putsSpaceBehind else { throw .normalizes("spaces behind words") }
        guard file.pieces.count <= rows else {
            throw .tooManyTokens(file.pieces.count, rows: rows)
        }
        let unused = file.pieces.count..<rows
        self.init(
            model: "llama",
            pre: "default",
            tokens: file.pieces.map(\.text) + unused.map { "[PAD\($0)]" },
            kinds: file.pieces.map { Int($0.kind.rawValue) }
                + unused.map { _ in Kind.unused.rawValue },
            merges: []
        )
        scores = file.pieces.map { Double($0.score) } + unused.map { _ in 0 }
        addsSpacePrefix = file.addsDummyPrefix
        if !file.addsDummyPrefix { writeSpaces() }
        try takeRoles(tokenizer)
        chatTemplate = tokenizer.chatTemplate
    }
}
