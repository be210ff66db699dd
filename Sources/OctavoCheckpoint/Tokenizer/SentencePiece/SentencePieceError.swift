/// Why a `tokenizer.model` cannot be used exactly as SentencePiece would.
public enum SentencePieceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file ends inside a field.
    case truncated(offset: Int)
    /// What stands here is no field of a protocol buffer.
    case malformed(offset: Int)
    /// A field has another wire type than it must.
    case wrongType(String)
    /// A text is not UTF-8.
    case notUTF8(String)
    /// A score that is no number.
    case badScore(piece: Int)
    /// The table by which text is normalized is malformed.
    case badCharsmap
    /// A field has a value that Octavo does not implement.
    case unsupported(String, String)
    /// Bytes are fallen back to, but some byte has no piece.
    case missingByte(Int)
    /// There is no piece, or not exactly one, for what is unknown.
    case unknownPieces(Int)

    /// As a clause, for an error's sentence.
    public var description: String {
        switch self {
        case .truncated(let offset): "tokenizer.model ends too early, at byte \(offset)"
        case .malformed(let offset):
            "tokenizer.model is no SentencePiece model: no field at byte \(offset)"
        case .wrongType(let field): "the \(field) of tokenizer.model is of the wrong type"
        case .notUTF8(let field): "the \(field) of tokenizer.model is not UTF-8"
        case .badScore(let piece): "the score of piece \(piece) of tokenizer.model is no number"
        case .badCharsmap: "the precompiled_charsmap of tokenizer.model is malformed"
        case .unsupported(let field, let value):
            "the \(field) of tokenizer.model is \(value), which is not implemented"
        case .missingByte(let byte):
            "tokenizer.model falls back to bytes, but has no piece for byte \(byte)"
        case .unknownPieces(let count):
            "tokenizer.model has \(count) pieces for what is unknown, expected one"
        }
    }
}
