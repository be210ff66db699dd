import OctavoBase
import Yams

/// The metadata at the head of a model card, as whoever wrote it left it there: read as hostile.
struct FrontMatter {
    /// The members of the mapping, each key once.
    let pairs: [(key: String, value: Node)]
    /// The line of the card on which the YAML begins, from 1.
    let firstLine: Int

    /// The most bytes that a card may have.
    static let largestCard = 4 << 20
    /// The most bytes that its metadata may have: gated models have whole licences in them.
    static let largest = 256 << 10

    /// Reads the metadata of a card.
    ///
    /// - Parameter card: All of README.md.
    /// - Returns: nil if the card has none.
    /// - Throws: ``FrontMatterError``.
    static func of(_ card: [UInt8]) throws(FrontMatterError) -> FrontMatter? {
        try CardText(card).metadata()
    }

    /// Reads YAML.
    init(yaml: String, firstLine: Int) throws(FrontMatterError) {
        guard yaml.utf8.count <= Self.largest else {
            throw .tooLarge(what: "metadata", bytes: yaml.utf8.count, limit: Self.largest)
        }
        self.firstLine = firstLine
        try YAMLGuard.check(yaml, firstLine: firstLine)
        let root: Node?
        do { root = try Yams.compose(yaml: yaml) } catch {
            throw Self.error(for: error, in: yaml, firstLine)
        }
        guard let root else {
            pairs = []
            return
        }
        guard case .mapping(let mapping) = root else { throw .notMapping(line: firstLine) }
        // What the guard let through by mistake ends here.
        if let named = Self.anchored(root) {
            throw .alias(line: Self.line(named, firstLine), column: named.mark?.column ?? 1, "&")
        }
        var pairs: [(key: String, value: Node)] = []
        for (key, value) in mapping {
            guard let key = key.scalar?.string else {
                throw .type(
                    line: Self.line(value, firstLine),
                    key: "a key",
                    found: "a list or mapping",
                    expected: "a word"
                )
            }
            // Yams finds duplicates by value and tag: `no` and "no" pass it.
            if pairs.contains(where: { $0.key == key }) {
                throw .duplicateKey(line: Self.line(value, firstLine), key)
            }
            pairs.append((key, value))
        }
        self.pairs = pairs
    }

    /// The value of a key.
    subscript(key: String) -> Node? { pairs.first { $0.key == key }?.value }

    /// The line of a node in the card.
    func line(_ node: Node) -> Int { Self.line(node, firstLine) }

    private static func line(_ node: Node, _ firstLine: Int) -> Int {
        firstLine + (node.mark?.line ?? 1) - 1
    }

    /// The first node that has an anchor.
    private static func anchored(_ node: Node) -> Node? {
        if node.anchor != nil { return node }
        switch node {
        case .sequence(let items): return items.lazy.compactMap(anchored).first
        case .mapping(let pairs):
            return pairs.lazy.compactMap { anchored($0.key) ?? anchored($0.value) }.first
        case .scalar, .alias: return nil
        }
    }

    private static func error(
        for error: any Error,
        in yaml: String,
        _ firstLine: Int
    ) -> FrontMatterError {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .syntax(line: firstLine + mark.line - 1, problem)
        case .duplicatedKeysInMapping(let keys, let context):
            // Yams tells where the mapping begins; the second time is where the reader has to look.
            .duplicateKey(
                line: firstLine
                    + (secondLine(of: keys.first ?? "", in: yaml) ?? context.mark.line - 1),
                keys.first ?? ""
            )
        case .reader(let problem, _, _, _): .syntax(line: firstLine, problem)
        default: .syntax(line: firstLine, "unreadable")
        }
    }

    /// The second line, from 0, that has a key at its beginning.
    private static func secondLine(of key: String, in yaml: String) -> Int? {
        let lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
        let places = lines.indices.filter { index in
            let line = lines[index].drop { $0 == " " || $0 == "\"" || $0 == "'" || $0 == "-" }
            guard line.hasPrefix(key) else { return false }
            return line.dropFirst(key.count).drop { $0 == "\"" || $0 == "'" || $0 == " " }.first
                == ":"
        }
        return places.dropFirst().first
    }
}

extension FrontMatter {
    /// A text, or nil if the key is not there or empty.
    func text(_ key: String) throws(FrontMatterError) -> String? {
        guard let node = self[key], !node.isNothing else { return nil }
        guard let text = node.scalar?.string else {
            throw .type(line: line(node), key: key, found: node.kind, expected: "a text")
        }
        return text.isEmpty ? nil : text
    }

    /// A text or a list of texts; none if the key is not there.
    func texts(_ key: String) throws(FrontMatterError) -> [String] {
        guard let node = self[key], !node.isNothing else { return [] }
        guard case .sequence(let items) = node else { return try text(key).map { [$0] } ?? [] }
        var texts: [String] = []
        for item in items {
            guard let text = item.scalar?.string else {
                throw .type(
                    line: line(item),
                    key: key,
                    found: "a list with \(item.kind)",
                    expected: "a list of texts"
                )
            }
            texts.append(text)
        }
        return texts
    }
}

extension Node {
    /// Whether it is YAML's null.
    var isNothing: Bool { scalar != nil && isA(.null) }

    /// Whether YAML takes it for this: `no` without quotes is a truth value.
    func isA(_ name: Tag.Name) -> Bool { tag == Tag(name) }

    /// What it is, in words.
    var kind: String {
        switch self {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .alias: return "an alias"
        case .scalar:
            if isA(.bool) { return "a truth value" }
            if isA(.int) || isA(.float) { return "a number" }
            if isA(.null) { return "nothing" }
            return isA(.timestamp) ? "a date" : "a text"
        }
    }
}
