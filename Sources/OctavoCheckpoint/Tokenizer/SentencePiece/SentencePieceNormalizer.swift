/// The white space of SentencePiece: U+2581, a low block.
let spaceMark = Array("\u{2581}".utf8)

/// What a SentencePiece model does to text before it looks for pieces.
///
/// User-defined pieces stay as they are, what the table has is replaced, the longest first, and spaces
/// become ▁: one in front of all, and one for several if extra ones are removed.
struct SentencePieceNormalizer: Sendable {
    let charsmap: Charsmap?
    let userDefined: ByteTrie
    let addsDummyPrefix: Bool
    let removesExtraSpaces: Bool
    /// Whether ▁ goes behind a text rather than before it.
    let putsSpaceBehind: Bool

    /// The text as pieces are looked for in it.
    func apply(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var at = text.startIndex
        if removesExtraSpaces {
            while at < text.endIndex {
                let (end, replacement) = unit(of: text, at: at)
                guard replacement.elementsEqual([0x20]) else { break }
                at = end
            }
        }
        guard at < text.endIndex else { return [] }

        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 4)
        if addsDummyPrefix && !putsSpaceBehind { result += spaceMark }
        var isAfterSpace = removesExtraSpaces
        while at < text.endIndex {
            var (end, replacement) = unit(of: text, at: at)
            at = end
            if isAfterSpace { replacement = replacement.drop { $0 == 0x20 } }
            for byte in replacement {
                if byte == 0x20 { result += spaceMark } else { result.append(byte) }
            }
            if let last = replacement.last { isAfterSpace = last == 0x20 }
            if !removesExtraSpaces { isAfterSpace = false }
        }
        if removesExtraSpaces {
            while result.suffix(spaceMark.count) == spaceMark[...] {
                result.removeLast(spaceMark.count)
            }
        }
        if addsDummyPrefix && putsSpaceBehind { result += spaceMark }
        return result[...]
    }

    /// What is taken from a text in one step: where it ends, and what it becomes.
    private func unit(
        of text: ArraySlice<UInt8>,
        at start: Int
    ) -> (end: Int, replacement: ArraySlice<UInt8>) {
        if let (_, end) = userDefined.longestPrefix(of: text, from: start) {
            return (end, text[start..<end])
        }
        if let found = charsmap?.longestPrefix(of: text, from: start) { return found }
        let end = start + scalar(at: start, in: text).width
        return (end, text[start..<end])
    }
}

/// How a SentencePiece model puts pieces together to text.
struct SentencePieceDecoder: Sendable {
    /// The spellings of control pieces, which say nothing.
    let controls: Set<[UInt8]>
    let unknown: [UInt8]
    /// What the unknown piece is decoded to.
    let unknownSurface: [UInt8]
    /// Whether a text's first ▁ is not of the text.
    let dropsFirstSpace: Bool
    /// Whether none of the first ▁ are.
    let dropsAllFirstSpaces: Bool
    let fallsBackToBytes: Bool

    /// The bytes of a text, of the spellings of its pieces.
    func decode(_ pieces: [[UInt8]]) -> [UInt8] {
        var text: [UInt8] = []
        var hasDroppedSpace = false
        for piece in fallsBackToBytes ? joinedBytes(pieces) : pieces {
            var piece = piece
            if dropsFirstSpace, text.isEmpty, !hasDroppedSpace, piece != unknown,
                piece.starts(with: spaceMark)
            {
                piece.removeFirst(spaceMark.count)
                hasDroppedSpace = !dropsAllFirstSpaces
            }
            text += bytes(of: piece)
        }
        return text
    }

    /// The bytes of one piece in the middle of a text.
    func bytes(of piece: [UInt8]) -> [UInt8] {
        if controls.contains(piece) { return [] }
        if piece == unknown { return unknownSurface }
        if fallsBackToBytes, let byte = byteOfSpelling(piece) { return [byte] }
        var bytes: [UInt8] = []
        var rest = piece[...]
        while let first = rest.first {
            if rest.starts(with: spaceMark) {
                bytes.append(0x20)
                rest = rest.dropFirst(spaceMark.count)
            } else {
                bytes.append(first)
                rest = rest.dropFirst()
            }
        }
        return bytes
    }
}
