/// Why tokens cannot be run.
public enum TokenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A token is not in the vocabulary.
    case unknown(token: Int, vocabularySize: Int)
    /// There are too few tokens for what was asked.
    case tooFew(found: Int, needed: Int)

    /// A sentence with what was found and what was expected.
    public var description: String {
        switch self {
        case .unknown(let token, let vocabularySize):
            "token \(token) is not in the vocabulary, expected 0 to \(vocabularySize - 1)"
        case .tooFew(let found, let needed):
            "there are \(found) tokens, expected at least \(needed)"
        }
    }
}
