import Foundation

/// One of Unicode's four normalization forms.
enum UnicodeForm: String, Sendable {
    case nfc = "NFC"
    case nfd = "NFD"
    case nfkc = "NFKC"
    case nfkd = "NFKD"

    /// The text in this form, as a library has it whose tables are those of Unicode 11.
    ///
    /// Scalars that came later are nothing to such tables: they stay as they are, and nothing around
    /// them moves or composes past them. What lies between them is normalized alike by all versions.
    func apply(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.contains(where: { $0 >= 0x80 }) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var start = text.startIndex
        var at = start
        while at < text.endIndex {
            let (scalar, width) = scalar(at: at, in: text)
            if width > 1, let age = scalar.properties.age, age.major > 11 {
                result += normalized(text[start..<at])
                result += text[at..<at + width]
                start = at + width
            }
            at += width
        }
        result += normalized(text[start...])
        return result[...]
    }

    private func normalized(_ text: ArraySlice<UInt8>) -> String.UTF8View {
        let text = String(decoding: text, as: UTF8.self)
        return switch self {
        case .nfc: text.precomposedStringWithCanonicalMapping.utf8
        case .nfd: text.decomposedStringWithCanonicalMapping.utf8
        case .nfkc: text.precomposedStringWithCompatibilityMapping.utf8
        case .nfkd: text.decomposedStringWithCompatibilityMapping.utf8
        }
    }
}
