/// Why a template for cards cannot be used.
public enum CardTemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is not UTF-8.
    case notUTF8(String)
    /// It has more bytes than a card may have.
    case tooLarge(String, bytes: Int)
    /// A tag is not what it should be.
    case tag(String, line: Int, String)
    /// The card would have more bytes than anyone reads.
    case cardTooLarge(String, line: Int)

    /// As a sentence.
    public var description: String {
        switch self {
        case .notUTF8(let name): "\(name) is not UTF-8 text"
        case .tooLarge(let name, let bytes):
            "\(name) has \(bytes) bytes, expected at most \(TemplateSource.largest)"
        case .tag(let name, let line, let problem): "\(name), line \(line): \(problem)"
        case .cardTooLarge(let name, let line):
            "\(name), line \(line): with this section the card would have more than "
                + "\(TemplateSource.largestCard) bytes; expected lists that are not within each other"
        }
    }
}
