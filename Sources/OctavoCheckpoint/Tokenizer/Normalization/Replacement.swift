import OctavoBase

/// A text put in the place of others: the `Replace` of normalizers and of decoders.
struct Replacement: Sendable {
    let pattern: Delimiter
    let content: [UInt8]

    init(pattern: Delimiter, content: [UInt8]) {
        self.pattern = pattern
        self.content = content
    }

    /// Reads the fields of a `Replace`.
    init(_ fields: inout TokenizerFields) throws(TokenizerError) {
        pattern = try Delimiter(&fields)
        content = Array(try fields.string("content").utf8)
    }

    /// The text with every match replaced.
    func apply(_ text: ArraySlice<UInt8>) throws(TokenizerError) -> ArraySlice<UInt8> {
        let matches = try pattern.matches(in: text)
        guard !matches.isEmpty else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + matches.count * content.count)
        var at = text.startIndex
        for match in matches {
            result += text[at..<match.lowerBound]
            result += content
            at = match.upperBound
        }
        result += text[at...]
        return result[...]
    }
}

extension Delimiter {
    /// Reads a component's `pattern`: a text, or a regular expression.
    init(_ fields: inout TokenizerFields) throws(TokenizerError) {
        let path = fields.name("pattern")
        var kinds = try TokenizerFields(try fields.required("pattern"), path)
        if kinds.optional("String") != nil {
            let text = try kinds.string("String")
            guard !text.isEmpty else { throw .unsupported(kinds.name("String"), "empty") }
            self = .text(Array(text.utf8))
        } else {
            self = .pattern(try TextPattern(try kinds.string("Regex"), path))
        }
        try kinds.finish()
    }
}
