/// Finds added tokens in text: at each place the longest, from left to right.
struct AddedTokenFinder: Sendable {
    private let tokens: [AddedToken]
    /// A trie: the node that a byte leads to from a node, under `node << 8 | byte`.
    private var edges: [Int: Int] = [:]
    /// The token that ends at each node.
    private var tokenAtNode: [Int?] = [nil]
    private var startsToken = [Bool](repeating: false, count: 256)

    /// A piece of text, and the id of the token that it is, if it is one.
    typealias Piece = (id: Int?, text: ArraySlice<UInt8>)

    /// Prepares a search for these tokens, in text where their contents appear as `spell` says.
    init(_ tokens: [AddedToken], spelledBy spell: (ArraySlice<UInt8>) -> ArraySlice<UInt8>) {
        self.tokens = tokens
        for (index, token) in tokens.enumerated() {
            var node = 0
            for byte in spell(Array(token.content.utf8)[...]) {
                if node == 0 { startsToken[Int(byte)] = true }
                if let next = edges[node << 8 | Int(byte)] {
                    node = next
                } else {
                    edges[node << 8 | Int(byte)] = tokenAtNode.count
                    node = tokenAtNode.count
                    tokenAtNode.append(nil)
                }
            }
            tokenAtNode[node] = tokenAtNode[node] ?? index
        }
    }

    /// The id of the token with this content.
    func id(of content: String) -> Int? {
        tokens.first { $0.content.utf8.elementsEqual(content.utf8) }?.id
    }

    /// The longest token that starts at an index, and where it ends.
    private func longest(
        at start: Int,
        in text: ArraySlice<UInt8>
    ) -> (token: AddedToken, end: Int)? {
        guard startsToken[Int(text[start])] else { return nil }
        var found: (token: AddedToken, end: Int)?
        var node = 0
        var at = start
        while at < text.endIndex, let next = edges[node << 8 | Int(text[at])] {
            node = next
            at += 1
            if let index = tokenAtNode[node] { found = (tokens[index], at) }
        }
        return found
    }

    /// Cuts a text at the added tokens in it.
    func pieces(of text: ArraySlice<UInt8>) -> [Piece] {
        guard !tokens.isEmpty else { return [(nil, text)] }
        var pieces: [Piece] = []
        var taken = text.startIndex
        // Where the last white space ended that a token took into it: what begins in it ends there.
        var spaceEnd = text.startIndex
        var at = text.startIndex
        while at < text.endIndex {
            guard let (token, matchEnd) = longest(at: at, in: text) else {
                at += 1
                continue
            }
            var start = at
            var end = matchEnd
            at = end
            if token.isSingleWord && touchesWord(text, start..<end) { continue }
            if token.stripsLeft {
                start = max(spaceBefore(start, in: text, notBefore: taken), taken)
            }
            if token.stripsRight {
                end = end < spaceEnd ? spaceEnd : spaceAfter(end, in: text)
                spaceEnd = end
            }
            // What another token has taken whole is left out, as the library does it; where even more
            // than the whole was taken, the library fails.
            guard start < end else { continue }
            if taken < start { pieces.append((nil, text[taken..<start])) }
            pieces.append((token.id, text[start..<end]))
            taken = end
        }
        if taken < text.endIndex { pieces.append((nil, text[taken...])) }
        return pieces
    }
}

/// The start of the scalar that ends before `index`.
private func scalarStart(before index: Int, in text: ArraySlice<UInt8>) -> Int {
    var start = index - 1
    while start > text.startIndex, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
}

/// The start of the white space before `index`, as far as it is not before `limit`.
private func spaceBefore(_ index: Int, in text: ArraySlice<UInt8>, notBefore limit: Int) -> Int {
    var start = index
    while start > limit {
        let previous = scalarStart(before: start, in: text)
        guard scalar(at: previous, in: text).scalar.properties.isWhitespace else { break }
        start = previous
    }
    return start
}

private func spaceAfter(_ index: Int, in text: ArraySlice<UInt8>) -> Int {
    var end = index
    while end < text.endIndex {
        let (next, width) = scalar(at: end, in: text)
        guard next.properties.isWhitespace else { break }
        end += width
    }
    return end
}

/// Whether a `\w` stands right before or right after a range.
private func touchesWord(_ text: ArraySlice<UInt8>, _ range: Range<Int>) -> Bool {
    func isWord(_ index: Int) -> Bool {
        let properties = scalar(at: index, in: text).scalar.properties
        guard properties.isInUnicode16 else { return false }
        switch properties.generalCategory {
        case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark:
            return true
        default: return properties.isAlphabetic || properties.isJoinControl
        }
    }
    if range.lowerBound > text.startIndex,
        isWord(scalarStart(before: range.lowerBound, in: text))
    {
        return true
    }
    return range.upperBound < text.endIndex && isWord(range.upperBound)
}
