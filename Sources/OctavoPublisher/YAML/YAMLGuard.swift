/// Looks through YAML before a parser does, for what makes parsers take time or memory without bound: anchors,
/// aliases, and nesting without end.
///
/// It follows YAML as far as is needed to tell the start of a node from the inside of a text: quotes, block
/// texts, texts that go on in the next line, comments, brackets. What is no YAML at all, the parser will say.
struct YAMLGuard {
    /// How deep lists and mappings may be in each other, in brackets or by columns.
    static let deepest = 64

    private var line = 0
    private var brackets = 0
    /// The quote that is open at a line's end.
    private var quote: UInt8?
    /// The least indentation of the block text that is being read; 0 until its first line is seen.
    private var blockText: (parent: Int, indent: Int)?
    /// Whether a text without quotes may go on in the next line.
    private var isPlain = false
    /// Whether a node may start here.
    private var isStart = true
    /// The column of the innermost key or dash.
    private var parent = -1
    /// The column at which the present text began, which is a key's if a colon follows.
    private var candidate = 0

    /// Looks through a text.
    ///
    /// - Parameters:
    ///   - text: The YAML, without the lines of dashes around it.
    ///   - firstLine: The number of its first line in the file, for errors.
    /// - Throws: ``FrontMatterError/alias(line:column:_:)``, ``FrontMatterError/depth(line:)``.
    static func check(_ text: String, firstLine: Int) throws(FrontMatterError) {
        var guardian = YAMLGuard()
        let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            guardian.line = firstLine + index
            var bytes = Array(line)
            if bytes.last == 0x0D { bytes.removeLast() }
            try guardian.read(bytes)
        }
    }

    private mutating func read(_ line: [UInt8]) throws(FrontMatterError) {
        let indent = line.prefix { $0 == space }.count
        let isBlank = line[indent...].allSatisfy { $0 == space || $0 == tab }
        if let block = blockText {
            if isBlank { return }
            if block.indent > 0 ? indent >= block.indent : indent > block.parent {
                if block.indent == 0 { blockText?.indent = max(1, indent) }
                return
            }
            blockText = nil
        }
        if isBlank { return }
        if quote == nil, brackets == 0 {
            let goesOn = isPlain && indent > parent && line[indent] != hash
            isStart = !goesOn
            isPlain = goesOn
            if !goesOn { parent = min(parent, indent - 1) }
        }
        try scan(line, from: quote == nil ? indent : 0)
    }

    /// Reads a line from a column on.
    private mutating func scan(_ line: [UInt8], from start: Int) throws(FrontMatterError) {
        var at = start
        while at < line.count {
            if let open = quote {
                at = endOfQuote(open, line, from: at)
                continue
            }
            let byte = line[at]
            if byte == space || byte == tab {
                at += 1
                continue
            }
            if byte == hash, at == 0 || line[at - 1] == space || line[at - 1] == tab {
                isPlain = false
                return
            }
            if isStart {
                at = try startNode(line, at)
            } else {
                at = try goOn(line, at)
            }
        }
    }

    /// Behind the end of a quoted text, or of the line.
    private mutating func endOfQuote(_ open: UInt8, _ line: [UInt8], from start: Int) -> Int {
        var at = start
        while at < line.count {
            if line[at] == UInt8(ascii: "\\"), open == UInt8(ascii: "\"") {
                at += 2
            } else if line[at] == open {
                if open == UInt8(ascii: "'"), at + 1 < line.count, line[at + 1] == open {
                    at += 2
                    continue
                }
                quote = nil
                return at + 1
            } else {
                at += 1
            }
        }
        return line.count
    }

    private mutating func startNode(_ line: [UInt8], _ at: Int) throws(FrontMatterError) -> Int {
        let endsWord = at + 1 == line.count || line[at + 1] == space || line[at + 1] == tab
        candidate = at
        switch line[at] {
        case UInt8(ascii: "&"), UInt8(ascii: "*"):
            let word = line[at...].prefix { $0 != space }.prefix(24)
            throw .alias(line: self.line, column: at + 1, String(decoding: word, as: UTF8.self))
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            quote = line[at]
            isStart = false
        case UInt8(ascii: "!"):
            return at + line[at...].prefix { $0 != space && $0 != tab }.count
        case UInt8(ascii: "-") where endsWord && brackets == 0,
            UInt8(ascii: "?") where endsWord && brackets == 0:
            guard at < Self.deepest else { throw .depth(line: self.line) }
            parent = at
        case UInt8(ascii: "?") where endsWord: break
        case UInt8(ascii: "|") where brackets == 0, UInt8(ascii: ">") where brackets == 0:
            let digit = line[at...].prefix { $0 != space }.first { (0x31...0x39).contains($0) }
            blockText = (parent, digit.map { max(0, parent) + Int($0) - 0x30 } ?? 0)
            return line.count
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "]"), UInt8(ascii: "}"),
            UInt8(ascii: ","):
            return try bracket(line, at)
        case UInt8(ascii: ":") where endsWord:
            if brackets == 0 { parent = at }
        default:
            isStart = false
            isPlain = true
        }
        return at + 1
    }

    private mutating func goOn(_ line: [UInt8], _ at: Int) throws(FrontMatterError) -> Int {
        let byte = line[at]
        if byte == UInt8(ascii: ":") {
            let next = at + 1 < line.count ? line[at + 1] : space
            // In brackets a colon may end a key without a space behind it.
            if next == space || next == tab || brackets > 0 {
                if brackets == 0 {
                    guard candidate < Self.deepest else { throw .depth(line: self.line) }
                    parent = candidate
                }
                isStart = true
                isPlain = false
            }
            return at + 1
        }
        if brackets > 0, [UInt8](",[]{}".utf8).contains(byte) { return try bracket(line, at) }
        return at + 1
    }

    private mutating func bracket(_ line: [UInt8], _ at: Int) throws(FrontMatterError) -> Int {
        isPlain = false
        switch line[at] {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            brackets += 1
            guard brackets <= Self.deepest else { throw .depth(line: self.line) }
            isStart = true
        case UInt8(ascii: ","): isStart = true
        default:
            brackets = max(0, brackets - 1)
            isStart = false
        }
        return at + 1
    }
}

private let space = UInt8(ascii: " ")
private let tab = UInt8(ascii: "\t")
private let hash = UInt8(ascii: "#")
