/// Cuts what stands in a tag into words.
struct TemplateWords {
    let source: [Unicode.Scalar]
    var at: Int
    var line: Int
    private(set) var tokens: [TemplateToken] = []

    init(source: [Unicode.Scalar], at: Int, line: Int) {
        (self.source, self.at, self.line) = (source, at, line)
    }

    /// Reads up to the end of the tag, and returns the sign before it, `-` or `+`, if there is one.
    mutating func read(
        until closing: Unicode.Scalar,
        from first: Int
    ) throws(ChatTemplateError) -> Unicode.Scalar? {
        // Brackets that are open: `}}` may end two of them.
        var open: [Unicode.Scalar] = []
        while at < source.count {
            let scalar = source[at]
            if open.isEmpty {
                if scalar == closing, peek(1) == "}" {
                    at += 2
                    return nil
                }
                if scalar == "-" || scalar == "+", peek(1) == closing, peek(2) == "}" {
                    at += 3
                    return scalar
                }
            }
            if isPythonSpace(scalar) {
                if scalar == "\n" { line += 1 }
                at += 1
            } else if scalar == "'" || scalar == "\"" {
                try readString(scalar)
            } else if isDigit(scalar) {
                try readNumber()
            } else if scalar == "_" || scalar.properties.isXIDStart {
                readName()
            } else {
                try readSymbol(&open)
            }
        }
        throw .syntax("a tag is not closed", line: first)
    }

    private func peek(_ offset: Int) -> Unicode.Scalar? {
        at + offset < source.count ? source[at + offset] : nil
    }

    private func isDigit(_ scalar: Unicode.Scalar?) -> Bool {
        scalar.map { ("0"..."9").contains($0) } ?? false
    }

    private mutating func append(_ kind: TemplateToken.Kind) {
        tokens.append(TemplateToken(kind: kind, line: line))
    }

    private func text(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: source[range])
        return String(view)
    }

    private mutating func readName() {
        let start = at
        while let scalar = peek(0), scalar == "_" || scalar.properties.isXIDContinue { at += 1 }
        append(.name(text(start..<at)))
    }

    private mutating func readNumber() throws(ChatTemplateError) {
        let start = at
        while isDigit(peek(0)) || peek(0) == "_" { at += 1 }
        var isWhole = true
        if peek(0) == ".", isDigit(peek(1)) {
            isWhole = false
            at += 1
            while isDigit(peek(0)) { at += 1 }
        }
        if peek(0) == "e" || peek(0) == "E" {
            let signed = peek(1) == "+" || peek(1) == "-"
            if isDigit(peek(signed ? 2 : 1)) {
                isWhole = false
                at += signed ? 2 : 1
                while isDigit(peek(0)) { at += 1 }
            }
        }
        let digits = text(start..<at).replacing("_", with: "")
        if isWhole, let value = Int(digits) {
            append(.integer(value))
        } else if !isWhole, let value = Double(digits), value.isFinite {
            append(.number(value))
        } else {
            throw .syntax("the number \(digits) is too large", line: line)
        }
    }

    private mutating func readSymbol(_ open: inout [Unicode.Scalar]) throws(ChatTemplateError) {
        let scalar = source[at]
        let pairs = ["//", "**", "==", "!=", ">=", "<="]
        if let next = peek(1) {
            let pair = String(String.UnicodeScalarView([scalar, next]))
            if pairs.contains(pair) {
                append(.symbol(pair))
                at += 2
                return
            }
        }
        guard "+-/*%~[](){}<>=.:|,;".unicodeScalars.contains(scalar) else {
            throw .syntax("unexpected \(String(scalar).debugDescription)", line: line)
        }
        if let closing = (["(": ")", "[": "]", "{": "}"] as [Unicode.Scalar: Unicode.Scalar])[
            scalar
        ] {
            open.append(closing)
        } else if ")]}".unicodeScalars.contains(scalar) {
            guard open.popLast() == scalar else {
                throw .syntax("unexpected \(String(scalar).debugDescription)", line: line)
            }
        }
        append(.symbol(String(scalar)))
        at += 1
    }

    /// Reads a string with Python's escapes.
    private mutating func readString(_ quote: Unicode.Scalar) throws(ChatTemplateError) {
        let first = line
        at += 1
        var value = String.UnicodeScalarView()
        while let scalar = peek(0), scalar != quote {
            at += 1
            if scalar == "\n" { line += 1 }
            guard scalar == "\\", let escaped = peek(0) else {
                value.append(scalar)
                continue
            }
            at += 1
            let simple: [Unicode.Scalar: Unicode.Scalar] = [
                "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "0": "\0",
                "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "v": "\u{B}",
            ]
            if escaped == "\n" {
                line += 1
            } else if let digits = (["x": 2, "u": 4, "U": 8] as [Unicode.Scalar: Int])[escaped] {
                guard at + digits <= source.count,
                    let code = UInt32(text(at..<at + digits), radix: 16),
                    let scalar = Unicode.Scalar(code)
                else { throw .syntax("a string has a bad escape", line: line) }
                value.append(scalar)
                at += digits
            } else if isDigit(escaped), escaped != "0" || isDigit(peek(0)) {
                throw .unsupported("an octal escape", line: line)
            } else if let plain = simple[escaped] {
                value.append(plain)
            } else {
                // What means nothing stays as it is.
                value.append("\\")
                value.append(escaped)
            }
        }
        guard at < source.count else { throw .syntax("a string is not closed", line: first) }
        at += 1
        append(.string(String(value)))
    }
}
