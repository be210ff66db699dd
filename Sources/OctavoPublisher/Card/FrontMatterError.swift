/// Why the metadata at the head of a model card cannot be read.
public enum FrontMatterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The card is not UTF-8.
    case notUTF8
    /// The card, or its metadata, has more bytes than anyone writes.
    case tooLarge(what: String, bytes: Int, limit: Int)
    /// No line of three dashes ends the metadata.
    case noEnd
    /// It is no YAML.
    case syntax(line: Int, String)
    /// A node is named to be used again, or a name is used: what a few lines say may then be without bound.
    case alias(line: Int, column: Int, String)
    /// Lists and mappings are in each other deeper than anyone writes.
    case depth(line: Int)
    /// A key stands twice, and readers differ in which value they take.
    case duplicateKey(line: Int, String)
    /// It is no mapping.
    case notMapping(line: Int)
    /// A key has a value of another type than it must have.
    case type(line: Int, key: String, found: String, expected: String)

    /// As a sentence.
    public var description: String {
        let place = line.map { "README.md, line \($0): " } ?? "README.md: "
        return place + finding.found + ", expected " + finding.expected
    }

    /// The line of the card, from 1, if there is one.
    var line: Int? {
        switch self {
        case .notUTF8, .tooLarge: nil
        case .noEnd: 1
        case .syntax(let line, _), .alias(let line, _, _), .depth(let line),
            .duplicateKey(let line, _),
            .notMapping(let line), .type(let line, _, _, _):
            line
        }
    }

    /// What was found, and what was expected.
    var finding: (found: String, expected: String) {
        switch self {
        case .notUTF8: ("bytes that are not UTF-8", "text")
        case .tooLarge(let what, let bytes, let limit):
            ("\(what) of \(bytes) bytes", "at most \(limit)")
        case .noEnd: ("metadata without an end", "a line of --- behind it")
        case .syntax(_, let problem): ("no YAML (\(problem))", "YAML")
        case .alias(_, let column, let text):
            (
                "\"\(text)\" in column \(column), an anchor or alias",
                "each value written out, or in quotes"
            )
        case .depth: ("lists and mappings nested too deep", "at most \(YAMLGuard.deepest) levels")
        case .duplicateKey(_, let key): ("the key \"\(key)\" twice", "each key once")
        case .notMapping: ("no mapping", "lines of `key: value`")
        case .type(_, let key, let found, let expected): ("\"\(key)\" is \(found)", expected)
        }
    }
}
