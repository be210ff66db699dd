/// Why a tokenizer cannot be used exactly as its file means it, or what was asked of it wrongly.
///
/// Paths are spelled as `model.byte_fallback` or `added_tokens[3].id`.
public enum TokenizerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A field that must be there is not.
    case missing(String)
    /// A field holds another kind of value than it must.
    case wrongType(String, expected: String)
    /// A field has a value, or names a component, that Octavo does not implement.
    case unsupported(String, String)
    /// A field that Octavo does not know, and that might change results.
    case unknownField(String)
    /// A regular expression that `tokenizers` and PCRE2 read differently, or that may take for ever.
    case refusedPattern(String, regex: String, reason: String)
    /// A regular expression takes more steps on a text than are accepted.
    case slowPattern(String)
    /// The table by which text is normalized is malformed.
    case badCharsmap(String)
    /// A GGUF file does not say how text is split into words, or gives it a name that is not in
    /// formats/tokenizer.md; `default` says nothing either.
    case unknownSplit(String?)
    /// An added token is longer than searching every text for it allows: how many scalars it has.
    case addedTokenTooLong(String, scalars: Int)
    /// Two tokens have the same id.
    case duplicateID(Int)
    /// The same token is listed twice.
    case duplicateToken(String)
    /// A token's id is negative or beyond `Tokenizer.idLimit`.
    case idOutOfRange(String, Int)
    /// An added token is listed with another id than the `tokenizers` library would give it.
    case addedTokenID(String, found: Int, expected: Int)
    /// A merge is not two parts.
    case malformedMerge(Int)
    /// A merge names, or makes, a token that the vocabulary lacks.
    case unknownMergeToken(Int, String)
    /// A special token is named that the vocabulary lacks.
    case unknownToken(String, String)
    /// An id was to be decoded that no token has.
    case unknownID(Int)

    /// As a clause, for an error's sentence.
    public var description: String {
        switch self {
        case .missing(let path): "the tokenizer lacks \(path)"
        case .wrongType(let path, let expected): "the tokenizer's \(path) is not \(expected)"
        case .unsupported(let path, let value):
            "the tokenizer's \(path) is \(value), which is not implemented"
        case .unknownField(let path):
            "the tokenizer has the field \(path), whose meaning is not known"
        case .refusedPattern(let path, let regex, let reason):
            "the tokenizer's \(path) cannot be used, because of \(reason): \(regex)"
        case .slowPattern(let regex):
            "the tokenizer's pattern takes too many steps on this text: \(regex)"
        case .badCharsmap(let path): "the tokenizer's \(path) is malformed"
        case .unknownSplit(let name):
            "the GGUF file's tokenizer.ggml.pre is \(name.map { "\"\($0)\"" } ?? "absent"), which does "
                + "not tell how its model splits text into words; import the checkpoint that the "
                + "file was made of, or a GGUF file that a recent llama.cpp converts it to"
        case .addedTokenTooLong(let path, let scalars):
            "the tokenizer's \(path) has \(scalars) scalars, expected at most "
                + "\(AddedToken.mostScalars)"
        case .duplicateID(let id): "two tokens have the id \(id)"
        case .duplicateToken(let token): "the token \"\(token)\" is listed twice"
        case .idOutOfRange(let token, let id):
            "the token \"\(token)\" has the id \(id), not one of 0 ..< \(Tokenizer.idLimit)"
        case .addedTokenID(let token, let found, let expected):
            "the added token \"\(token)\" is listed with the id \(found), but readers give it \(expected)"
        case .malformedMerge(let index): "merge \(index) is not two tokens"
        case .unknownMergeToken(let index, let token):
            "merge \(index) needs the token \"\(token)\", which the vocabulary lacks"
        case .unknownToken(let path, let token):
            "\(path) is \"\(token)\", a token which the vocabulary lacks"
        case .unknownID(let id): "no token has the id \(id)"
        }
    }
}
