/// A piece of a template's source.
enum TemplatePiece: Sendable {
    case text(String)
    /// What stands between `{{` and `}}`.
    case output([TemplateToken], line: Int)
    /// What stands between `{%` and `%}`.
    case statement([TemplateToken], line: Int)
}

/// A word of an expression or statement.
struct TemplateToken: Sendable {
    enum Kind: Sendable, Equatable {
        case name(String)
        case string(String)
        case integer(Int)
        case number(Double)
        case symbol(String)
    }
    let kind: Kind
    let line: Int
}

/// Cuts a template into pieces, with `trim_blocks` and `lstrip_blocks` as transformers sets them.
///
/// (Jinja's documentation, "Whitespace Control"; jinja2's lexer decides where that is silent.)
struct TemplateLexer {
    private let source: [Unicode.Scalar]
    private var at = 0
    private var line = 1
    private var pieces: [TemplatePiece] = []
    /// Whether what came last ended a line.
    private var isAtLineStart = true

    static func pieces(of source: String) throws(ChatTemplateError) -> [TemplatePiece] {
        var lexer = TemplateLexer(source)
        try lexer.run()
        return lexer.pieces
    }

    private init(_ text: String) {
        var scalars: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
            scalars.append(scalar)
        }
        for index in scalars.indices where scalars[index] == "\r" { scalars[index] = "\n" }
        // Jinja drops one line break at the end.
        if scalars.last == "\n" { scalars.removeLast() }
        source = scalars
    }

    private func starts(_ text: StaticString, at place: Int) -> Bool {
        let wanted = "\(text)".unicodeScalars
        return place + wanted.count <= source.count
            && source[place..<place + wanted.count].elementsEqual(wanted)
    }

    private mutating func run() throws(ChatTemplateError) {
        while at < source.count {
            let start = at
            while at < source.count, !isOpening(at) { at += 1 }
            var text = source[start..<at]
            let lines = text.count { $0 == "\n" }
            guard at < source.count else {
                append(text)
                return
            }
            let opening = source[at + 1]
            let sign = at + 2 < source.count ? source[at + 2] : " "
            if sign == "-" {
                while let last = text.last, isPythonSpace(last) { text.removeLast() }
            } else if sign != "+", opening != "{" {
                let lineStart = text.lastIndex(of: "\n").map { $0 + 1 }
                let from = lineStart ?? text.startIndex
                if lineStart != nil || isAtLineStart, text[from...].allSatisfy(isPythonSpace) {
                    text = text[..<from]
                }
            }
            append(text)
            line += lines
            at += 2
            if sign == "-" || sign == "+" { at += 1 }
            try lexTag(opening)
        }
    }

    private func isOpening(_ place: Int) -> Bool {
        starts("{{", at: place) || starts("{%", at: place) || starts("{#", at: place)
    }

    private mutating func append(_ text: ArraySlice<Unicode.Scalar>) {
        guard !text.isEmpty else { return }
        var string = String.UnicodeScalarView()
        string.append(contentsOf: text)
        pieces.append(.text(String(string)))
    }

    private mutating func lexTag(_ opening: Unicode.Scalar) throws(ChatTemplateError) {
        let first = line
        if opening == "#" {
            while at < source.count, !starts("#}", at: at) {
                if source[at] == "\n" { line += 1 }
                at += 1
            }
            guard at < source.count else {
                throw .syntax("a comment is not closed", line: first)
            }
            let isTrimmed = source[at - 1] == "-"
            let keepsBreak = source[at - 1] == "+"
            at += 2
            close(isTrimmed: isTrimmed, dropsBreak: !keepsBreak)
            return
        }
        let closing: Unicode.Scalar = opening == "{" ? "}" : "%"
        var words = TemplateWords(source: source, at: at, line: line)
        let end = try words.read(until: closing, from: first)
        (at, line) = (words.at, words.line)
        pieces.append(
            opening == "{"
                ? .output(words.tokens, line: first) : .statement(words.tokens, line: first)
        )
        close(isTrimmed: end == "-", dropsBreak: end != "+" && opening == "%")
    }

    /// Skips the white space behind a tag that goes with it.
    private mutating func close(isTrimmed: Bool, dropsBreak: Bool) {
        let start = at
        if isTrimmed {
            while at < source.count, isPythonSpace(source[at]) { at += 1 }
        } else if dropsBreak, at < source.count, source[at] == "\n" {
            at += 1
        }
        let skipped = source[start..<at]
        line += skipped.count { $0 == "\n" }
        isAtLineStart = skipped.last == "\n"
    }
}

/// White space as Python's `str.isspace` has it.
func isPythonSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
}
