/// Why GGUF cannot hold a tokenizer such that readers of the file tokenize as the original does.
public enum GGUFVocabularyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The tokenizer's own files are at fault.
    case tokenizer(TokenizerError)
    /// A `tokenizer.model` is at fault.
    case sentencePiece(SentencePieceError)
    /// Its model is of a kind that llama.cpp has under another name and Octavo does not write.
    case unsupportedModel(String)
    /// It splits text into words in a way that none of the names in formats/tokenizer.md means.
    case unknownSplit
    /// It puts other tokens around a text than one that begins it and one that ends it.
    case unknownFrame
    /// It normalizes text, which readers of GGUF do not.
    case normalizes(String)
    /// A token, or the model's number of them, does not fit.
    case badToken(String)
    /// It has more tokens than the model's embedding has rows.
    case tooManyTokens(Int, rows: Int)
    /// What a reader would rebuild is not what it is.
    case differs(String)

    /// As a clause.
    public var description: String {
        switch self {
        case .tokenizer(let error): "\(error)"
        case .sentencePiece(let error): "\(error)"
        case .unsupportedModel(let kind):
            "its tokenizer is of the kind \(kind), expected BPE of bytes, or BPE with merges by score"
        case .unknownSplit:
            "its tokenizer splits text in a way that GGUF has no name for (tokenizer.ggml.pre)"
        case .unknownFrame:
            "its tokenizer puts other tokens around a text than GGUF can say: one before, one behind"
        case .normalizes(let what): "its tokenizer normalizes text (\(what)), which GGUF cannot say"
        case .badToken(let problem): "its tokenizer cannot be held by GGUF: \(problem)"
        case .tooManyTokens(let count, let rows):
            "its tokenizer has \(count) tokens, but its embedding \(rows) rows"
        case .differs(let what):
            "its tokenizer would come out of GGUF with other \(what) than it has"
        }
    }
}
