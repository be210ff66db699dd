/// Why a `config.json` describes no model that Octavo can run.
public enum ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The document is not a JSON object.
    case notAnObject
    /// The `model_type` is absent or not one of the families that are supported.
    case unsupportedModel(found: String?)
    /// A key that must be there is not.
    case missing(key: String)
    /// A key has a value of the wrong kind or out of range.
    case invalid(key: String, found: String, expected: String)
    /// A key asks for mathematics that is not implemented.
    case unsupported(key: String, found: String, expected: String)

    /// A sentence with what was found and what was expected.
    public var description: String {
        switch self {
        case .notAnObject:
            return "config.json is not a JSON object"
        case .unsupportedModel(let found):
            let families = ModelConfiguration.Family.allCases.map(\.rawValue).joined(
                separator: ", "
            )
            return
                "model_type is \(found.map { "\"\($0)\"" } ?? "missing"); supported are: \(families)"
        case .missing(let key):
            return "config.json lacks \"\(key)\""
        case .invalid(let key, let found, let expected):
            return "\"\(key)\" in config.json is \(found), expected \(expected)"
        case .unsupported(let key, let found, let expected):
            return
                "\"\(key)\" in config.json is \(found), which is not supported (only \(expected) is)"
        }
    }
}
