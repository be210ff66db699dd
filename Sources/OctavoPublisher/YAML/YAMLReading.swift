import OctavoBase
import Yams

extension YAMLNode {
    /// Reads a document.
    ///
    /// Stricter than YAML: no anchors and aliases, which can make a short text a huge value; no tags; no key twice;
    /// keys are text; one document; at most ``YAMLNode/largest`` bytes and ``YAMLNode/deepest`` levels.
    ///
    /// - Parameter text: The document.
    /// - Throws: ``YAMLError``.
    init(parsing text: String) throws(YAMLError) {
        guard text.utf8.count <= Self.largest else {
            throw YAMLError(
                place: YAMLPlace(line: 1, column: 1),
                problem:
                    "the text has \(text.utf8.count) bytes, expected at most \(Self.largest)"
            )
        }
        // The parser follows aliases and compares keys while it reads: what could keep it busy is looked for first.
        do throws(FrontMatterError) { try YAMLGuard.check(text, firstLine: 1) } catch {
            throw YAMLError(error)
        }
        let node: Node
        do {
            let parser = try Parser(yaml: text)
            guard let root = try parser.singleRoot() else {
                throw YAMLError(
                    place: YAMLPlace(line: 1, column: 1),
                    problem: "the text is empty, expected a mapping"
                )
            }
            node = root
        } catch let error as YAMLError {
            throw error
        } catch {
            throw YAMLError(error)
        }
        try self.init(node, depth: 0)
    }

    /// The most bytes of a document.
    static let largest = 1_000_000
    /// The most levels of one within the other.
    static let deepest = 32

    private init(_ node: Node, depth: Int) throws(YAMLError) {
        let place = YAMLPlace(node.mark)
        guard depth < Self.deepest else {
            throw YAMLError(
                place: place,
                problem: "nested more than \(Self.deepest) deep"
            )
        }
        self.place = place
        switch node {
        case .scalar(let scalar):
            try Self.checkTag(scalar.tag, at: place)
            let isPlain = scalar.style == .plain || scalar.style == .any
            value =
                isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
                ? .null : .scalar(scalar.string, isPlain: isPlain)
        case .sequence(let items):
            try Self.checkTag(items.tag, at: place)
            var values: [YAMLNode] = []
            for item in items { values.append(try YAMLNode(item, depth: depth + 1)) }
            value = .sequence(values)
        case .mapping(let members):
            try Self.checkTag(members.tag, at: place)
            var pairs: [(key: YAMLKey, value: YAMLNode)] = []
            for (key, member) in members {
                guard case .scalar(let name) = key else {
                    throw YAMLError(
                        place: YAMLPlace(key.mark),
                        problem: "the key is not a text"
                    )
                }
                pairs.append(
                    (
                        YAMLKey(text: name.string, place: YAMLPlace(key.mark)),
                        try YAMLNode(member, depth: depth + 1)
                    )
                )
            }
            value = .mapping(pairs)
        case .alias:
            throw YAMLError(place: place, problem: "aliases are not read; write the value out")
        }
    }

    /// Refuses what says of itself what it is, as in `!!binary`: the reader knows what it expects.
    private static func checkTag(_ tag: Tag, at place: YAMLPlace) throws(YAMLError) {
        let usual: [Tag] = [
            Tag(.implicit), Tag(.str), Tag(.seq), Tag(.map), Tag(.int), Tag(.bool), Tag(.float),
            Tag(.null),
            Tag(.timestamp), Tag(.merge), Tag(.value),
        ]
        guard usual.contains(tag) else {
            throw YAMLError(place: place, problem: "tags are not read; write the plain value")
        }
    }
}

extension YAMLPlace {
    /// Where a value begins; the beginning of the text if it is not known.
    fileprivate init(_ mark: Mark?) {
        self.init(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }
}

extension YAMLError {
    /// What makes a parser take time or memory without bound.
    fileprivate init(_ error: FrontMatterError) {
        switch error {
        case .alias(let line, let column, let name):
            self.init(
                place: YAMLPlace(line: line, column: column),
                problem:
                    "\"\(name)\" is an anchor or an alias, which are not read; write the value out, or the text in quotes"
            )
        case .depth(let line):
            self.init(
                place: YAMLPlace(line: line, column: 1),
                problem: "nested more than \(YAMLGuard.deepest) deep"
            )
        default: self.init(place: YAMLPlace(line: 1, column: 1), problem: "\(error)")
        }
    }

    /// What the parser has against a text.
    fileprivate init(_ error: any Error) {
        switch error {
        case YamlError.composer(_, "but found another document", let mark, _):
            self.init(place: YAMLPlace(mark), problem: "a second document begins, expected one")
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let words = context.map { "\(problem) \($0.text)" } ?? problem
            self.init(place: YAMLPlace(mark), problem: words)
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            let name = keys.first.map { "\"\($0)\"" } ?? "a key"
            self.init(place: YAMLPlace(context.mark), problem: "\(name) stands here twice")
        case YamlError.reader(let problem, _, _, _):
            self.init(place: YAMLPlace(line: 1, column: 1), problem: problem)
        default:
            self.init(place: YAMLPlace(line: 1, column: 1), problem: "the text is not YAML")
        }
    }
}
