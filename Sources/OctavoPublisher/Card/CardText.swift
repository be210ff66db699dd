import OctavoBase

/// A model card taken apart: lines, metadata and text.
struct CardText {
    /// Its lines, without what ends them.
    let lines: [String]
    /// Whether a byte order mark stands before it.
    let hasByteOrderMark: Bool
    /// The lines of the metadata, without the dashes around them; nil if there is none.
    let metadataLines: Range<Int>?
    /// The first line of the text behind the metadata, from 0.
    let firstTextLine: Int

    /// Takes a card apart.
    ///
    /// - Parameter bytes: All of README.md.
    /// - Throws: ``FrontMatterError``.
    init(_ bytes: [UInt8]) throws(FrontMatterError) {
        guard bytes.count <= FrontMatter.largestCard else {
            throw .tooLarge(what: "a card", bytes: bytes.count, limit: FrontMatter.largestCard)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        hasByteOrderMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        // By bytes: "\r\n" is one Character, and not "\n".
        lines = text.utf8.dropFirst(hasByteOrderMark ? 3 : 0).split(
            separator: 0x0A,
            omittingEmptySubsequences: false
        ).map { line in
            String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
        }
        // As the hub's tools look for it: white space may stand before the first dashes.
        let first = lines.firstIndex { !$0.allSatisfy(\.isWhitespace) } ?? 0
        guard lines[first].trimmed == "---" else {
            metadataLines = nil
            firstTextLine = 0
            return
        }
        guard let end = lines[(first + 1)...].firstIndex(where: { $0.trimmed == "---" }) else {
            throw .noEnd
        }
        metadataLines = first + 1..<end
        firstTextLine = end + 1
    }

    /// The metadata; nil if there is none.
    func metadata() throws(FrontMatterError) -> FrontMatter? {
        guard let range = metadataLines else { return nil }
        return try FrontMatter(
            yaml: lines[range].joined(separator: "\n") + "\n",
            firstLine: range.lowerBound + 1
        )
    }
}

extension StringProtocol {
    /// Without white space around it.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
