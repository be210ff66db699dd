/// Why no token can be drawn.
public enum SamplingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A number of a rule that it cannot be: its name, what was found and what was expected.
    case invalid(name: String, found: String, expected: String)
    /// A logit is not finite: how many of the row are so.
    case notFinite(count: Int)

    /// As a sentence.
    public var description: String {
        switch self {
        case .invalid(let name, let found, let expected):
            "\(name) is \(found), expected \(expected)"
        case .notFinite(let count):
            "the model gives \(count) logits that are not finite, expected none"
        }
    }
}
