/// A value of a YAML document and the place at which it stands.
struct YAMLNode: Sendable {
    /// What a document can hold; tags, anchors and aliases are refused where it is read.
    indirect enum Value: Sendable {
        /// Nothing: an empty value, `~` or `null`.
        case null
        /// Text; `isPlain` where it stands without quotes, so that it may mean a number or a truth.
        case scalar(String, isPlain: Bool)
        /// A list.
        case sequence([YAMLNode])
        /// Members in the order in which they are written; no key comes twice.
        case mapping([(key: YAMLKey, value: YAMLNode)])
    }

    /// The value.
    let value: Value
    /// Where it begins.
    let place: YAMLPlace

    /// What it is, for a message: "a list", "the text \"ten\"".
    var kind: String {
        switch value {
        case .null: "nothing"
        case .scalar(let text, let isPlain):
            !isPlain || plainMeaning == .text ? "the text \"\(text)\"" : text
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// What a scalar without quotes means in YAML's core schema (YAML 1.2.2, section 10.3.2).
    enum PlainMeaning { case text, truth, integer, number }

    /// What the scalar means if it is plain; `text` for all others.
    var plainMeaning: PlainMeaning {
        guard case .scalar(let text, isPlain: true) = value else { return .text }
        if ["true", "false", "True", "False", "TRUE", "FALSE"].contains(text) { return .truth }
        if Int(text) != nil { return .integer }
        let isNumeric = text.utf8.allSatisfy { "+-.eE0123456789".utf8.contains($0) }
        return isNumeric && Double(text) != nil ? .number : .text
    }
}

/// A key of a mapping and the place at which it stands.
struct YAMLKey: Sendable {
    /// The key.
    let text: String
    /// Where it begins.
    let place: YAMLPlace
}

/// A place in a text, counted from 1 as editors do.
public struct YAMLPlace: Sendable, Hashable, CustomStringConvertible {
    /// The line.
    public let line: Int
    /// The column, in Unicode scalars.
    public let column: Int

    /// As in `12:5`.
    public var description: String { "\(line):\(column)" }
}

/// Why a text is no YAML that is read here.
public struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where.
    public let place: YAMLPlace
    /// What is wrong, in a clause.
    public let problem: String

    /// As a sentence.
    public var description: String { "\(place): \(problem)" }
}
