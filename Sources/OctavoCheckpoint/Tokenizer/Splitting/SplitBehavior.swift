/// What becomes of the matches of a splitting component, as tokenizer files name it.
enum SplitBehavior: String, Sendable {
    /// They are left out.
    case removed = "Removed"
    /// Each is a piece of its own.
    case isolated = "Isolated"
    /// Each ends the piece before it.
    case mergedWithPrevious = "MergedWithPrevious"
    /// Each starts the piece after it.
    case mergedWithNext = "MergedWithNext"
    /// Those that touch are a piece together.
    case contiguous = "Contiguous"

    /// Appends the pieces of a text.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - matches: The matches in it, in order; they may be empty but do not overlap.
    ///   - isInverted: Whether what lies between the matches counts as the matches.
    ///   - pieces: Where to append them. None is empty.
    func split(
        _ text: ArraySlice<UInt8>,
        at matches: [Range<Int>],
        isInverted: Bool,
        into pieces: inout [ArraySlice<UInt8>]
    ) {
        var piece: Range<Int>?
        var wasMatch = false
        func take(_ range: Range<Int>, _ isMatch: Bool) {
            let isMerged =
                switch self {
                case .removed, .isolated: false
                case .mergedWithPrevious: isMatch && !wasMatch
                case .mergedWithNext: wasMatch && !isMatch
                case .contiguous: isMatch == wasMatch
                }
            wasMatch = isMatch
            if isMerged, let start = piece?.lowerBound {
                piece = start..<range.upperBound
            } else {
                if let piece, !piece.isEmpty { pieces.append(text[piece]) }
                piece = self == .removed && isMatch ? nil : range
            }
        }
        var at = text.startIndex
        for match in matches {
            if at < match.lowerBound { take(at..<match.lowerBound, isInverted) }
            take(match, !isInverted)
            at = match.upperBound
        }
        if at < text.endIndex { take(at..<text.endIndex, isInverted) }
        if let piece, !piece.isEmpty { pieces.append(text[piece]) }
    }
}
