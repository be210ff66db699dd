extension JSON {
    /// The shapes a text may take.
    public enum Layout: Sendable {
        /// One line, no spaces, keys in their order.
        case compact
        /// One line, no spaces, keys sorted: what is hashed.
        case canonical
        /// Two spaces of indentation and a final newline, keys in their order.
        case pretty
        /// Two spaces of indentation and a final newline, keys sorted.
        case sorted
    }

    /// Writes the value as text.
    ///
    /// Numbers are written in the shortest form that reads back the same; what JSON cannot hold
    /// (NaN, infinities) becomes null.
    public func text(_ layout: Layout = .pretty) -> String {
        var writer = JSONWriter(layout: layout)
        writer.write(self)
        if writer.isIndented { writer.bytes.append(UInt8(ascii: "\n")) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

private struct JSONWriter {
    let isSorted: Bool
    let isIndented: Bool
    var bytes: [UInt8] = []
    var depth = 0

    init(layout: JSON.Layout) {
        isSorted = layout == .canonical || layout == .sorted
        isIndented = layout == .pretty || layout == .sorted
    }

    mutating func write(_ value: JSON) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let value):
            bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .string(let value): write(value)
        case .array(let items):
            list("[", "]", isInline: items.allSatisfy { $0.integer != nil }, items) { $0.write($1) }
        case .object(let object):
            let members = isSorted ? object.sorted { precedes($0.key, $1.key) } : Array(object)
            list("{", "}", isInline: false, members) { writer, member in
                writer.write(member.key)
                writer.bytes.append(contentsOf: (writer.isIndented ? ": " : ":").utf8)
                writer.write(member.value)
            }
        }
    }

    /// Writes items between brackets; lists of whole numbers (shapes, token ids) stay on one line.
    mutating func list<T>(
        _ open: String,
        _ close: String,
        isInline: Bool,
        _ items: [T],
        _ body: (inout JSONWriter, T) -> Void
    ) {
        bytes.append(contentsOf: open.utf8)
        depth += 1
        for (index, item) in items.enumerated() {
            if index > 0 { bytes.append(contentsOf: (isInline && isIndented ? ", " : ",").utf8) }
            if !isInline { newline() }
            body(&self, item)
        }
        depth -= 1
        if !items.isEmpty && !isInline { newline() }
        bytes.append(contentsOf: close.utf8)
    }

    mutating func newline() {
        guard isIndented else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
    }

    mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F: bytes.append(contentsOf: "\\u00\(hexadecimal([byte]))".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
