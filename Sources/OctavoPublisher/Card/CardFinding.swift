public import OctavoBase

/// What is wrong with a model card.
public struct CardFinding: Sendable, Equatable {
    /// The rule that it breaks, as docs/model-card.md names it.
    public var rule: String
    /// The line of the card, from 1; nil if it is about all of it.
    public var line: Int?
    /// What was found.
    public var found: String
    /// What was expected.
    public var expected: String
    /// Whether a hub refuses it or readers are misled; other findings are advice.
    public var isFault: Bool

    /// Records a finding.
    init(_ rule: String, line: Int?, found: String, expected: String, isFault: Bool = true) {
        self.rule = rule
        self.line = line
        self.found = found
        self.expected = expected
        self.isFault = isFault
    }

    /// As a line for people.
    public var text: String {
        (line.map { "line \($0): " } ?? "") + "found \(found), expected \(expected)"
            + (isFault ? "" : " (advice)") + " [\(rule)]"
    }

    /// As a program reads it.
    public var json: JSON {
        .object([
            "rule": .string(rule), "line": line.map(JSON.integer) ?? .null, "found": .string(found),
            "expected": .string(expected), "fault": .bool(isFault),
        ])
    }
}

/// Checks a model card against what hubs enforce, and what a reader may expect (docs/model-card.md).
///
/// - Parameters:
///   - bytes: All of README.md.
///   - name: What the model is called, OWNER/NAME or NAME; nil if it is not known.
///   - directory: The folder that the card is in, to look for the files it names; nil leaves that out.
/// - Returns: The findings, in the order of lines; none for a sound card.
public func checkCard(
    _ bytes: [UInt8],
    name: String? = nil,
    directory: String? = nil
) -> [CardFinding] {
    var check = CardCheck(name: name, directory: directory)
    check.read(bytes)
    return check.findings.enumerated().sorted { a, b in
        (a.element.line ?? 0, a.offset) < (b.element.line ?? 0, b.offset)
    }.map(\.element)
}

/// Checks the card of a folder, or a file that is one.
///
/// - Parameter path: A folder with README.md, or the file.
/// - Returns: The findings.
/// - Throws: ``FileError``.
public func checkCard(at path: String) throws -> [CardFinding] {
    let isFolder = fileKind(path) == .directory
    let file = isFolder ? joined(path, ModelCard.fileName) : path
    let size = try fileSize(file)
    guard size <= FrontMatter.largestCard else {
        let limit = "at most \(FrontMatter.largestCard)"
        return [CardFinding("size", line: nil, found: "\(size) bytes", expected: limit)]
    }
    let bytes = try readFile(file, limit: FrontMatter.largestCard)
    return checkCard(
        bytes,
        name: isFolder ? lastComponent(path) : nil,
        directory: isFolder ? path : nil
    )
}
