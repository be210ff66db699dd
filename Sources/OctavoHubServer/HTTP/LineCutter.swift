/// Cuts what arrives in pieces into lines, and holds no more than one that is not whole.
struct LineCutter {
    /// The most bytes of a line.
    let limit: Int
    private var begun: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// Takes the next piece.
    ///
    /// - Returns: The lines that end in it, without what ends them.
    /// - Throws: `Refusal` with status 413 for a line that is too long, as soon as it is.
    mutating func cut(_ piece: [UInt8]) throws(Refusal) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = piece[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try take(rest[..<end])
            lines.append(begun)
            begun = []
            rest = rest[(end + 1)...]
        }
        try take(rest)
        return lines
    }

    /// What follows the last line's end.
    consuming func finish() -> [UInt8] { begun }

    private mutating func take(_ bytes: ArraySlice<UInt8>) throws(Refusal) {
        guard begun.count + bytes.count <= limit else {
            throw Refusal(
                status: 413,
                message:
                    "A line of the request is longer than \(limit) bytes: store such files by LFS"
            )
        }
        begun.append(contentsOf: bytes)
    }
}
