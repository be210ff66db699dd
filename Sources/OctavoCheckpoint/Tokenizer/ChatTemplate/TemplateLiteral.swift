import OctavoBase

/// Writes values as Python does: `json.dumps(…, ensure_ascii=False)`, or `repr`.
struct TemplateLiteral {
    enum Style { case json, python }

    private(set) var text = ""
    private let style: Style
    /// How many spaces a level is indented by; nil for all on one line.
    private let indent: Int?
    private var level = 0

    init(_ style: Style, indent: Int? = nil) {
        self.style = style
        self.indent = indent.map { max(0, min(64, $0)) }
    }

    mutating func write(_ value: TemplateValue) throws(ChatTemplateError) {
        switch value {
        case .none where style == .json: text += "null"
        case .bool(let value) where style == .json: text += value ? "true" : "false"
        case .none, .bool, .integer, .number: text += value.printed ?? ""
        case .string(let value): style == .json ? write(value) : write(python: value)
        case .list(let items):
            try write("[", "]", items.count) { (all, index) throws(ChatTemplateError) in
                try all.write(items[index])
            }
        case .object(let object):
            try write("{", "}", object.count) { (all, index) throws(ChatTemplateError) in
                try all.write(.string(object.members[index].key.text))
                all.text += ": "
                try all.write(object.members[index].value)
            }
        case .undefined, .namespace, .function:
            throw .failed("it writes \(value.typeName)")
        }
    }

    private mutating func write(
        _ opening: String,
        _ closing: String,
        _ count: Int,
        _ body: (inout TemplateLiteral, Int) throws(ChatTemplateError) -> Void
    ) throws(ChatTemplateError) {
        guard level < 200 else { throw .limit("values nested more than 200 deep") }
        guard text.utf8.count <= TemplateRenderer.mostOutput else {
            throw .limit("more than \(TemplateRenderer.mostOutput) bytes of text")
        }
        text += opening
        level += 1
        for index in 0..<count {
            if index > 0 { text += indent == nil ? ", " : "," }
            breakLine()
            try body(&self, index)
        }
        level -= 1
        if count > 0 { breakLine() }
        text += closing
    }

    private mutating func breakLine() {
        guard let indent else { return }
        text += "\n" + String(repeating: " ", count: indent * level)
    }

    private mutating func write(_ string: String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{C}": text += "\\f"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    private mutating func write(python string: String) {
        let quote: Unicode.Scalar =
            string.utf8.contains(UInt8(ascii: "'")) && !string.utf8.contains(UInt8(ascii: "\""))
            ? "\"" : "'"
        text.unicodeScalars.append(quote)
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case quote: text += "\\" + String(quote)
            default:
                guard !scalar.isPrintable else {
                    text.unicodeScalars.append(scalar)
                    continue
                }
                let digits = String(scalar.value, radix: 16)
                let (letter, count) =
                    scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
                text += "\\" + letter + String(repeating: "0", count: count - digits.count) + digits
            }
        }
        text.unicodeScalars.append(quote)
    }
}

extension Unicode.Scalar {
    /// As Python's `str.isprintable` has it.
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator:
            false
        case .spaceSeparator: self == " "
        default: true
        }
    }
}
