import OctavoBase

/// A Mustache template from outside, looked through before the engine reads it: which tags there are, that each
/// names something known, and how long what it writes can become.
struct TemplateSource {
    /// What it is called in errors.
    let name: String
    /// Its text.
    let text: String
    private let root: Section

    /// The most bytes that a template may have.
    static let largest = 1 << 20
    /// The most bytes that a card may have.
    static let largestCard = 4 << 20
    /// How deep sections may be in each other.
    static let deepest = 8

    /// What stands between the tags of a section.
    private struct Section {
        let name: String
        let isInverted: Bool
        let line: Int
        var textBytes = 0
        var variables: [String] = []
        var sections: [Section] = []
    }

    /// Reads a file.
    init(path: String) throws {
        let size = try fileSize(path)
        guard size <= Self.largest else { throw CardTemplateError.tooLarge(path, bytes: size) }
        let bytes = try readFile(path, limit: Self.largest)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CardTemplateError.notUTF8(path)
        }
        try self.init(text, name: path)
    }

    /// Takes a template apart.
    ///
    /// - Parameters:
    ///   - text: The template.
    ///   - name: What it is called in errors.
    /// - Throws: ``CardTemplateError``.
    init(_ text: String, name: String) throws(CardTemplateError) {
        self.name = name
        self.text = text
        var open = [Section(name: "", isInverted: false, line: 1)]
        var line = 1
        var rest = text.utf8[...]
        while let tag = Self.nextTag(&rest, &line) {
            open[open.count - 1].textBytes += tag.textBefore
            guard let content = tag.content else {
                throw .tag(name, line: tag.line, "found {{ without an end, expected }} behind it")
            }
            try Self.read(content, of: name, line: tag.line, &open)
        }
        open[open.count - 1].textBytes += rest.count
        if open.count > 1, let last = open.last {
            throw .tag(
                name,
                line: last.line,
                "found the section \"\(last.name)\" without an end, expected {{/\(last.name)}}"
            )
        }
        root = open[0]
    }

    /// Reads what stands in a tag.
    private static func read(
        _ content: String,
        of name: String,
        line: Int,
        _ open: inout [Section]
    ) throws(CardTemplateError) {
        let sigil = content.first ?? " "
        let key = content.dropFirst("#^/&{".contains(sigil) ? 1 : 0).trimmed
        switch sigil {
        case "!": return
        case ">", "<", "$", "=", "%", "*":
            throw .tag(
                name,
                line: line,
                "found {{\(content.prefix(24))}}, expected a variable or a section: a card has one template"
            )
        case "/":
            let last = open[open.count - 1]
            let end = open.count > 1 ? "{{/\(last.name)}}" : "no end, since no section is open"
            guard open.count > 1, last.name == key else {
                throw .tag(name, line: line, "found {{/\(key)}}, expected \(end)")
            }
            open.removeLast()
            open[open.count - 1].sections.append(last)
        case "#", "^":
            try require(key, of: name, line: line, within: open)
            guard open.count <= deepest else {
                throw .tag(
                    name,
                    line: line,
                    "found sections nested too deep, expected at most \(deepest)"
                )
            }
            open.append(Section(name: key, isInverted: sigil == "^", line: line))
        default:
            try require(key, of: name, line: line, within: open)
            open[open.count - 1].variables.append(key)
        }
    }

    /// Refuses a name that is not known where it stands.
    private static func require(
        _ key: String,
        of name: String,
        line: Int,
        within open: [Section]
    ) throws(CardTemplateError) {
        if key == "." { return }
        var known = CardVariable.all.map(\.name)
        for section in open {
            known += CardVariable.all.first { $0.name == section.name }?.members ?? []
        }
        guard !known.contains(key) else { return }
        let near = nearestName(to: key, in: known).map { "; did you mean \"\($0)\"?" } ?? ""
        throw .tag(
            name,
            line: line,
            "found the variable \"\(key.prefix(60))\", which is not known here\(near)"
        )
    }

    /// Refuses a template that would write too much of these facts.
    ///
    /// - Parameter facts: The values of all variables.
    /// - Throws: ``CardTemplateError/cardTooLarge(_:line:)``.
    func requireBound(_ facts: [String: TemplateValue]) throws(CardTemplateError) {
        let bytes = bound(root, [facts])
        guard bytes > Self.largestCard else { return }
        // The section that is to blame is the largest.
        let worst = root.sections.max { bound($0, [facts]) < bound($1, [facts]) }
        throw .cardTooLarge(name, line: worst?.line ?? 1)
    }

    /// The most bytes that a section can become, up to a little more than is allowed.
    private func bound(_ section: Section, _ scopes: [[String: TemplateValue]]) -> Int {
        if section.name.isEmpty || section.isInverted { return content(section, scopes) }
        guard case .list(let items)? = value(section.name, scopes) else {
            return content(section, scopes)
        }
        var bytes = 0
        for item in items where bytes <= Self.largestCard {
            // One more, so that sections of nothing end too.
            bytes += 1 + content(section, scopes + [item])
        }
        return bytes
    }

    /// The most bytes that what stands in a section can become, written once.
    private func content(_ section: Section, _ scopes: [[String: TemplateValue]]) -> Int {
        var bytes = section.textBytes
        for variable in section.variables {
            if case .text(let text)? = value(variable, scopes) { bytes += text.utf8.count }
        }
        for inner in section.sections where bytes <= Self.largestCard {
            bytes += bound(inner, scopes)
        }
        return bytes
    }

    private func value(_ name: String, _ scopes: [[String: TemplateValue]]) -> TemplateValue? {
        scopes.reversed().lazy.compactMap { $0[name] }.first
    }

    /// The next tag, and the text before it; nil at the end.
    private static func nextTag(
        _ rest: inout Substring.UTF8View,
        _ line: inout Int
    ) -> (content: String?, line: Int, textBefore: Int)? {
        let brace = UInt8(ascii: "{")
        var at = rest.startIndex
        while at < rest.endIndex {
            let next = rest.index(after: at)
            if rest[at] == brace, next < rest.endIndex, rest[next] == brace { break }
            if rest[at] == 0x0A { line += 1 }
            at = next
        }
        guard at < rest.endIndex else { return nil }
        let before = rest.distance(from: rest.startIndex, to: at)
        let (start, first) = (rest.index(at, offsetBy: 2), line)
        var end = start
        while end < rest.endIndex {
            let next = rest.index(after: end)
            if rest[end] == UInt8(ascii: "}"), next < rest.endIndex, rest[next] == UInt8(ascii: "}")
            {
                let content = String(Substring(rest[start..<end]))
                rest = rest[rest.index(after: next)...]
                // Of three braces the last one is outside.
                if content.first == "{", rest.first == UInt8(ascii: "}") { rest = rest.dropFirst() }
                return (content, first, before)
            }
            if rest[end] == 0x0A { line += 1 }
            end = next
        }
        rest = rest[rest.endIndex...]
        return (nil, first, before)
    }
}

/// The name that a misspelled one is likely meant to be: at most two in five letters are other
/// ones, or its end is missing.
func nearestName(to name: String, in known: [String]) -> String? {
    guard name.count <= 60 else { return nil }
    let letters = Array(name.lowercased())
    var best: (name: String, distance: Int)?
    for candidate in known where candidate != name {
        let distance = editDistance(letters, Array(candidate.lowercased()))
        if distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    guard let best else { return nil }
    if best.distance * 5 <= max(5, 2 * name.count) { return best.name }
    // Somebody may have left out the end, as a version.
    return name.count < 3 ? nil : known.first { $0 != name && $0.hasPrefix(name) }
}

/// How many letters must be put in, left out or changed to make one word another.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var corner = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
            let cost = corner + (x == y ? 0 : 1)
            corner = row[j + 1]
            row[j + 1] = min(cost, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[b.count]
}
