import Foundation

/// One of Unicode's four normalization forms.
enum UnicodeForm: String, Sendable {
    case nfc = "NFC"
    case nfd = "NFD"
    case nfkc = "NFKC"
    case nfkd = "NFKD"

    /// The text in this form, as a library has it whose tables are those of Unicode 9.
    ///
    /// Scalars that came later are nothing to such tables: they stay as they are, and nothing around
    /// them moves or composes past them. What lies between them is normalized alike by all versions.
    ///
    /// Ideographs, and all else from U+20000 on, are normalized each by itself: none of them composes with
    /// anything, but Swift takes U+20073 with a circumflex for the s 0x20000 below it, and makes it ŝ.
    func apply(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.contains(where: { $0 >= 0x80 }) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var start = text.startIndex
        var at = start
        while at < text.endIndex {
            let (scalar, width) = scalar(at: at, in: text)
            let isYoung = width > 1 && scalar.properties.age.map { $0.major > 9 } ?? false
            let isAlone = scalar.value >= 0x20000 || 0xF900...0xFAFF ~= scalar.value
            if isYoung || isAlone {
                result += normalized(text[start..<at])
                let bytes = text[at..<at + width]
                result += isYoung ? bytes : Array(normalized(bytes))[...]
                start = at + width
            }
            at += width
        }
        result += normalized(text[start...])
        return result[...]
    }

    private func normalized(_ text: ArraySlice<UInt8>) -> String.UTF8View {
        let text = String(decoding: text, as: UTF8.self)
        // Swift composes marks in the right order only of text that is decomposed already.
        return switch self {
        case .nfc:
            text.decomposedStringWithCanonicalMapping.precomposedStringWithCanonicalMapping.utf8
        case .nfd: text.decomposedStringWithCanonicalMapping.utf8
        case .nfkc:
            text.decomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping.utf8
        case .nfkd: text.decomposedStringWithCompatibilityMapping.utf8
        }
    }
}
