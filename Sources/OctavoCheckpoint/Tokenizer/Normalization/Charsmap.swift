import OctavoBase

/// A table of replacements compiled by SentencePiece, its `precompiled_charsmap`.
///
/// Four bytes say how long a trie is that leads from texts to offsets; behind the trie stand, at those
/// offsets, the replacements, each ended by a zero. The trie is a double array of Darts-clone.
struct Charsmap: Sendable {
    private var units: [UInt32] = []
    private let replacements: [UInt8]

    /// Reads a table; nil if its lengths do not add up.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        func word(_ at: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
        }
        let size = Int(word(0))
        guard size > 0, size % 4 == 0, size <= bytes.count - 4 else { return nil }
        units = stride(from: 4, to: 4 + size, by: 4).map(word)
        // What is taken out of the middle of a scalar would not be a text.
        guard String(validating: bytes[(4 + size)...], as: UTF8.self) != nil else { return nil }
        replacements = Array(bytes[(4 + size)...])
    }

    /// Reports where each entry that starts a text ends, the shortest first, and its replacement.
    private func forEachPrefix(
        of text: ArraySlice<UInt8>,
        _ body: (_ end: Int, _ replacement: ArraySlice<UInt8>) -> Void
    ) {
        var node = Self.offset(units[0])
        for at in text.indices {
            node ^= Int(text[at])
            guard text[at] != 0, node < units.count else { return }
            let unit = units[node]
            guard unit & 0x8000_00FF == UInt32(text[at]) else { return }
            node ^= Self.offset(unit)
            // The unit has a leaf, which holds the value.
            guard unit >> 8 & 1 == 1 else { continue }
            guard node < units.count else { return }
            guard let replacement = replacement(at: Int(units[node] & 0x7FFF_FFFF)) else { return }
            body(at + 1, replacement)
        }
    }

    private static func offset(_ unit: UInt32) -> Int {
        Int(unit >> 10) << Int((unit & 1 << 9) >> 6)
    }

    private func replacement(at start: Int) -> ArraySlice<UInt8>? {
        // A start within a scalar is a lie, and would not be UTF-8.
        guard start < replacements.count, replacements[start] & 0xC0 != 0x80 else { return nil }
        return replacements[start...].prefix { $0 != 0 }
    }

    /// The longest entry that starts at an index of a text: where it ends, and its replacement.
    func longestPrefix(
        of text: ArraySlice<UInt8>,
        from start: Int
    ) -> (end: Int, replacement: ArraySlice<UInt8>)? {
        var found: (Int, ArraySlice<UInt8>)?
        forEachPrefix(of: text[start...]) { found = ($0, $1) }
        return found
    }

    /// What the `tokenizers` library makes of a text.
    ///
    /// It looks up graphemes of less than six bytes whole, and takes the *shortest* entry that starts
    /// one for the whole of it; where there is none, its scalars in the same way.
    func applyToGraphemes(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        func replacement(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
            var found: ArraySlice<UInt8>?
            forEachPrefix(of: part) { found = found ?? $1 }
            return found
        }
        for grapheme in String(decoding: text, as: UTF8.self) {
            if grapheme.utf8.count < 6, let whole = replacement(Array(grapheme.utf8)[...]) {
                result += whole
                continue
            }
            for scalar in grapheme.unicodeScalars {
                let bytes = Array(String(scalar).utf8)[...]
                result += replacement(bytes) ?? bytes
            }
        }
        return result[...]
    }
}

/// The bytes that a text in Base64 stands for; nil if it is not in Base64.
func bytes(ofBase64 text: String) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var values = [UInt8?](repeating: nil, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    let letters = Array(text.utf8)
    guard letters.count % 4 == 0 else { return nil }
    let padding = letters.suffix(2).count { $0 == UInt8(ascii: "=") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(letters.count / 4 * 3)
    for start in stride(from: 0, to: letters.count, by: 4) {
        var group: UInt32 = 0
        for (place, letter) in letters[start..<start + 4].enumerated() {
            let isPadding = start + place >= letters.count - padding
            guard let value = isPadding ? 0 : values[Int(letter)] else { return nil }
            group = group << 6 | UInt32(value)
        }
        bytes += [UInt8(group >> 16 & 0xFF), UInt8(group >> 8 & 0xFF), UInt8(group & 0xFF)]
    }
    return Array(bytes.dropLast(padding))
}
