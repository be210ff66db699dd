/// Finds added tokens in text: at each place the longest, from left to right.
struct AddedTokenFinder: Sendable {
    private let tokens: [AddedToken]
    private var trie = ByteTrie()

    /// A piece of text, and the id of the token that it is, if it is one.
    typealias Piece = (id: Int?, text: ArraySlice<UInt8>)

    /// Prepares a search for these tokens, in text where their contents appear as `spell` says.
    init(
        _ tokens: [AddedToken],
        spelledBy spell: (ArraySlice<UInt8>) throws(TokenizerError) -> ArraySlice<UInt8>
    ) throws(TokenizerError) {
        self.tokens = tokens
        for (index, token) in tokens.enumerated() {
            trie.insert(try spell(Array(token.content.utf8)[...]), value: index)
        }
    }

    /// The id of the token with this content.
    func id(of content: String) -> Int? {
        tokens.first { $0.content.utf8.elementsEqual(content.utf8) }?.id
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
            guard let (index, matchEnd) = trie.longestPrefix(of: text, from: at) else {
                at += 1
                continue
            }
            let token = tokens[index]
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
    func isWord(_ index: Int) -> Bool { isWordScalar(scalar(at: index, in: text).scalar) }
    if range.lowerBound > text.startIndex,
        isWord(scalarStart(before: range.lowerBound, in: text))
    {
        return true
    }
    return range.upperBound < text.endIndex && isWord(range.upperBound)
}
