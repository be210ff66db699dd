/// Why a text is not JSON, as RFC 8259 and Octavo's limits have it.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Reason: Hashable, Sendable {
        /// The text ends inside a value.
        case truncated
        /// A byte that cannot stand here.
        case unexpected(UInt8)
        /// The bytes are not UTF-8.
        case notUTF8
        /// A string holds a raw control character or a bad escape.
        case badString
        /// A number is malformed or beyond the range of Double.
        case badNumber
        /// An object has a key twice.
        case duplicateKey(String)
        /// Arrays and objects are nested too deeply.
        case tooDeep
        /// There are more values, those in arrays and objects counted, than are accepted.
        case tooManyValues
        /// Something follows the value.
        case trailing
    }

    /// What was wrong.
    public let reason: Reason
    /// Where, in bytes from the start.
    public let offset: Int

    /// As a clause, for an error's sentence.
    public var description: String {
        let what =
            switch reason {
            case .truncated: "the JSON text ends too early"
            case .unexpected(let byte): "unexpected byte 0x\(String(byte, radix: 16)) in JSON"
            case .notUTF8: "the JSON text is not UTF-8"
            case .badString: "a JSON string is malformed"
            case .badNumber: "a JSON number is malformed"
            case .duplicateKey(let key): "the JSON key \"\(key)\" appears twice"
            case .tooDeep: "the JSON text is nested too deeply"
            case .tooManyValues: "the JSON text has more values than are accepted"
            case .trailing: "something follows the JSON value"
            }
        return "\(what) (at byte \(offset))"
    }
}

extension JSON {
    /// Parses one value with nothing but white space around it.
    ///
    /// Stricter than most: duplicate keys are refused, since parsers disagree about which one counts
    /// and an attacker could show each reader another file. Nesting deeper than 128 is refused.
    ///
    /// - Parameters:
    ///   - bytes: The text, in UTF-8.
    ///   - mostValues: How many values are accepted, those in arrays and objects counted: each takes
    ///     much more memory than the two bytes that it may take in the text. What holds most of
    ///     what is read here, a tokenizer of 256,000 tokens and 500,000 merges as pairs, has less
    ///     than two million.
    /// - Throws: What is wrong first, and where.
    public init(parsing bytes: [UInt8], mostValues: Int = 4_000_000) throws(JSONError) {
        var parser = JSONParser(bytes: bytes, valuesLeft: mostValues)
        self = try parser.parseDocument()
    }

    /// Parses the bytes of a text.
    public init(parsing text: String, mostValues: Int = 4_000_000) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), mostValues: mostValues)
    }
}

/// Recursive descent over bytes.
private struct JSONParser {
    let bytes: [UInt8]
    var valuesLeft: Int
    var at = 0
    var depth = 0

    init(bytes: [UInt8], valuesLeft: Int) {
        self.bytes = bytes
        self.valuesLeft = valuesLeft
    }

    func failure(_ reason: JSONError.Reason) -> JSONError { JSONError(reason: reason, offset: at) }

    mutating func parseDocument() throws(JSONError) -> JSON {
        let value = try parseValue()
        skipSpace()
        guard at == bytes.count else { throw failure(.trailing) }
        return value
    }

    mutating func skipSpace() {
        while at < bytes.count,
            bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09
        {
            at += 1
        }
    }

    func peek() throws(JSONError) -> UInt8 {
        guard at < bytes.count else { throw failure(.truncated) }
        return bytes[at]
    }

    mutating func expect(_ byte: UInt8) throws(JSONError) {
        let found = try peek()
        guard found == byte else { throw failure(.unexpected(found)) }
        at += 1
    }

    mutating func parseValue() throws(JSONError) -> JSON {
        skipSpace()
        guard valuesLeft > 0 else { throw failure(.tooManyValues) }
        valuesLeft -= 1
        switch try peek() {
        case UInt8(ascii: "{"): return try nested { (p) throws(JSONError) in try p.parseObject() }
        case UInt8(ascii: "["): return try nested { (p) throws(JSONError) in try p.parseArray() }
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case let other: throw failure(.unexpected(other))
        }
    }

    mutating func nested(_ body: (inout JSONParser) throws(JSONError) -> JSON) throws(JSONError)
        -> JSON
    {
        guard depth < 128 else { throw failure(.tooDeep) }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    mutating func parseWord(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for byte in "\(word)".utf8 { try expect(byte) }
        return value
    }

    mutating func parseObject() throws(JSONError) -> JSON {
        try expect(UInt8(ascii: "{"))
        var object = JSONObject()
        skipSpace()
        if try peek() == UInt8(ascii: "}") {
            at += 1
            return .object(object)
        }
        while true {
            skipSpace()
            let start = at
            let key = try parseString()
            guard object[key] == nil else {
                throw JSONError(reason: .duplicateKey(key), offset: start)
            }
            skipSpace()
            try expect(UInt8(ascii: ":"))
            object[key] = try parseValue()
            skipSpace()
            guard try peek() == UInt8(ascii: ",") else {
                try expect(UInt8(ascii: "}"))
                return .object(object)
            }
            at += 1
        }
    }

    mutating func parseArray() throws(JSONError) -> JSON {
        try expect(UInt8(ascii: "["))
        var items: [JSON] = []
        skipSpace()
        if try peek() == UInt8(ascii: "]") {
            at += 1
            return .array(items)
        }
        while true {
            items.append(try parseValue())
            skipSpace()
            guard try peek() == UInt8(ascii: ",") else {
                try expect(UInt8(ascii: "]"))
                return .array(items)
            }
            at += 1
        }
    }

    mutating func parseNumber() throws(JSONError) -> JSON {
        let start = at
        func digits() throws(JSONError) {
            guard at < bytes.count, isDigit(bytes[at]) else { throw failure(.badNumber) }
            while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        }
        var isWhole = true
        if bytes[at] == UInt8(ascii: "-") { at += 1 }
        if at < bytes.count, bytes[at] == UInt8(ascii: "0") { at += 1 } else { try digits() }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            isWhole = false
            at += 1
            try digits()
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
                at += 1
            }
            try digits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isWhole, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw JSONError(reason: .badNumber, offset: start)
        }
        return .number(value)
    }

    func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    mutating func parseString() throws(JSONError) -> String {
        try expect(UInt8(ascii: "\""))
        let start = at
        // The usual string has no escape: it is taken in one piece.
        while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") {
            guard bytes[at] >= 0x20 else { throw failure(.badString) }
            at += 1
        }
        if try peek() == UInt8(ascii: "\"") {
            defer { at += 1 }
            return try text(bytes[start..<at], at: start)
        }
        var buffer = Array(bytes[start..<at])
        while true {
            let byte = try peek()
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(buffer[...], at: start)
            case UInt8(ascii: "\\"): buffer += String(try parseEscape()).utf8
            case 0..<0x20: throw failure(.badString)
            default: buffer.append(byte)
            }
        }
    }

    func text(_ slice: ArraySlice<UInt8>, at start: Int) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw JSONError(reason: .notUTF8, offset: start)
        }
        return text
    }

    mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
        let byte = try peek()
        at += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var code = try parseHex4()
            if code >= 0xD800 && code < 0xDC00 {
                try expect(UInt8(ascii: "\\"))
                try expect(UInt8(ascii: "u"))
                let low = try parseHex4()
                guard low >= 0xDC00 && low < 0xE000 else { throw failure(.badString) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure(.badString) }
            return scalar
        default: throw failure(.badString)
        }
    }

    mutating func parseHex4() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = try peek()
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw failure(.badString)
            }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }
}
