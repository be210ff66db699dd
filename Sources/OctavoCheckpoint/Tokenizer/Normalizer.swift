import Foundation
import OctavoBase

/// What happens to text before it is split.
enum Normalizer: Sendable {
    /// Nothing.
    case none
    /// Canonical composition, Unicode's form NFC.
    case nfc

    /// Reads the `normalizer` of a tokenizer file.
    init(_ json: JSON?, _ path: String) throws(TokenizerError) {
        guard let json, json != .null else {
            self = .none
            return
        }
        var fields = try TokenizerFields(json, path)
        let type = try fields.string("type")
        guard type == "NFC" else { throw .unsupported(fields.name("type"), type) }
        try fields.finish()
        self = .nfc
    }

    /// The text as it will be split.
    func apply(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        switch self {
        case .none: return text
        case .nfc:
            guard text.contains(where: { $0 >= 0x80 }) else { return text }
            let composed = String(decoding: text, as: UTF8.self)
                .precomposedStringWithCanonicalMapping
            return Array(composed.utf8)[...]
        }
    }
}
