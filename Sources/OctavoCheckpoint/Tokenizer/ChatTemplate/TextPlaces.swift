/// Where a text occurs in another, byte by byte; occurrences do not overlap.
struct TextPlaces: Sequence, IteratorProtocol {
    private let part: [UInt8]
    private let whole: [UInt8]
    private var at = 0

    /// Looks for a text that is not empty.
    init(_ part: String, in whole: String) {
        (self.part, self.whole) = (Array(part.utf8), Array(whole.utf8))
    }

    var first: Int? {
        var copy = self
        return copy.next()
    }

    /// The place of the next occurrence, in bytes.
    mutating func next() -> Int? {
        guard !part.isEmpty else { return nil }
        while at + part.count <= whole.count {
            let found = at
            if whole[found] == part[0], whole[found..<found + part.count].elementsEqual(part) {
                at = found + part.count
                return found
            }
            at += 1
        }
        return nil
    }
}

extension String {
    /// The pieces between occurrences of a text that is not empty, at most `limit` cuts.
    func cut(at separator: String, limit: Int = .max) -> [String] {
        let bytes = Array(utf8)
        var (pieces, start) = ([String](), 0)
        for place in TextPlaces(separator, in: self) {
            guard pieces.count < limit else { break }
            pieces.append(String(decoding: bytes[start..<place], as: UTF8.self))
            start = place + separator.utf8.count
        }
        pieces.append(String(decoding: bytes[start...], as: UTF8.self))
        return pieces
    }

    /// Without scalars of a kind at its ends.
    func stripped(
        start: Bool = true,
        end: Bool = true,
        of isStripped: (Unicode.Scalar) -> Bool = isPythonSpace
    ) -> String {
        var view = unicodeScalars[...]
        if start { view = view.drop(while: isStripped) }
        while end, let last = view.last, isStripped(last) { view.removeLast() }
        return String(view)
    }
}
