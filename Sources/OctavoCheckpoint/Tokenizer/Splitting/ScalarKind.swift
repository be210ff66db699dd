/// What the patterns that split text ask about a scalar.
enum ScalarKind {
    /// `\p{L}`.
    case letter
    /// `\p{N}`.
    case number
    /// A line feed or a carriage return, which are white space too.
    case newline
    /// Any other `\s`: the property White_Space.
    case space
    /// Anything else.
    case other

    /// Whether it is `\s`.
    var isSpace: Bool { self == .space || self == .newline }

    init(_ scalar: Unicode.Scalar) {
        self = scalar.isASCII ? Self.ascii[Int(scalar.value)] : Self(properties: scalar.properties)
    }

    private static let ascii: [ScalarKind] = (UInt8(0)..<0x80).map { byte in
        byte == 0x0A || byte == 0x0D
            ? .newline : ScalarKind(properties: Unicode.Scalar(byte).properties)
    }

    private init(properties: Unicode.Scalar.Properties) {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            self = properties.isInUnicode16 ? .letter : .other
        case .decimalNumber, .letterNumber, .otherNumber:
            self = properties.isInUnicode16 ? .number : .other
        default: self = properties.isWhitespace ? .space : .other
        }
    }
}

extension Unicode.Scalar.Properties {
    /// Whether the scalar was assigned by Unicode 16, which is what the regular expressions of the
    /// `tokenizers` library know: to them, a letter that came later is no letter.
    var isInUnicode16: Bool {
        guard let age else { return false }
        return age.major <= 16
    }
}

/// Whether a scalar is a `\w` of Unicode 16.
func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    guard properties.isInUnicode16 else { return false }
    switch properties.generalCategory {
    case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark:
        return true
    default: return properties.isAlphabetic || properties.isJoinControl
    }
}

/// The start of the scalar that ends before `index`.
func scalarStart(before index: Int, in text: ArraySlice<UInt8>) -> Int {
    var start = index - 1
    while start > text.startIndex, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
}

/// Reads the scalar that starts at `index` of valid UTF-8, and its width in bytes.
func scalar(at index: Int, in bytes: ArraySlice<UInt8>) -> (scalar: Unicode.Scalar, width: Int) {
    let lead = bytes[index]
    let width = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard width > 1 else { return (Unicode.Scalar(lead), 1) }
    guard index + width <= bytes.endIndex else { return ("\u{FFFD}", 1) }
    var value = UInt32(lead) & (0x7F >> UInt32(width))
    for offset in 1..<width { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", width)
}
