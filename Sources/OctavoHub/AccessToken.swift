/// A hub's bearer token.
///
/// Printing one, by whatever means, does not show it.
public struct AccessToken: Hashable, Sendable, CustomStringConvertible,
    CustomDebugStringConvertible,
    CustomReflectable
{
    /// The token itself, for the one header that carries it.
    package let secret: String

    /// Takes a token, without the white space around it; nil if nothing is left, or something that
    /// cannot stand in a header.
    public init?(_ text: String) {
        let trimmed = text.trimmingWhitespace()
        guard !trimmed.isEmpty, trimmed.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        secret = trimmed
    }

    /// Stands for the token in messages.
    public var description: String { "a token" }
    /// Stands for the token in debuggers.
    public var debugDescription: String { description }
    /// Keeps the token from `dump` and from the descriptions of what holds it.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension StringProtocol {
    /// The text without spaces, tabs and line ends around it.
    package func trimmingWhitespace() -> String {
        let isBlank = { (character: Character) in character.isWhitespace }
        let start = drop(while: isBlank)
        let blanks = start.reversed().prefix(while: isBlank).count
        return String(start.dropLast(blanks))
    }
}
