/// What a component cuts text at.
enum Delimiter: Sendable {
    /// A text as it stands.
    case text([UInt8])
    /// What a regular expression matches.
    case pattern(TextPattern)
    /// Each numeral: what Rust's `char::is_numeric` says, in which, unlike in the regular expressions,
    /// the youngest scalars count too.
    case numeral
    /// Each scalar of the property White_Space.
    case space
    /// Each mark of ASCII, and each scalar of the categories P.
    case punctuation

    /// Where the delimiters are, from left to right.
    func matches(in text: ArraySlice<UInt8>) throws(TokenizerError) -> [Range<Int>] {
        switch self {
        case .text(let wanted): occurrences(of: wanted, in: text)
        case .pattern(let pattern): try pattern.matches(in: text)
        case .numeral: scalars(of: text, where: isNumeral)
        case .space: scalars(of: text) { $0.properties.isWhitespace }
        case .punctuation: scalars(of: text, where: isPunctuation)
        }
    }
}

/// Where a text occurs in another, from left to right, without overlaps.
private func occurrences(of wanted: [UInt8], in text: ArraySlice<UInt8>) -> [Range<Int>] {
    guard let first = wanted.first else { return [] }
    var ranges: [Range<Int>] = []
    var at = text.startIndex
    while at + wanted.count <= text.endIndex {
        if text[at] == first && text[at..<at + wanted.count].elementsEqual(wanted) {
            ranges.append(at..<at + wanted.count)
            at += wanted.count
        } else {
            at += 1
        }
    }
    return ranges
}

private func scalars(
    of text: ArraySlice<UInt8>,
    where isWanted: (Unicode.Scalar) -> Bool
) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var at = text.startIndex
    while at < text.endIndex {
        let (scalar, width) = scalar(at: at, in: text)
        if isWanted(scalar) { ranges.append(at..<at + width) }
        at += width
    }
    return ranges
}

private func isNumeral(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar >= "0" && scalar <= "9" }
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
}

private func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
        return scalar.value > 0x20 && scalar.value < 0x7F && !scalar.properties.isAlphabetic
            && !isNumeral(scalar)
    }
    // The library's table is that of Unicode 8, in which these two were of P still.
    if scalar == "\u{166D}" || scalar == "\u{111C9}" { return true }
    guard let age = scalar.properties.age, age.major <= 8 else { return false }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
        .initialPunctuation, .finalPunctuation, .otherPunctuation:
        return true
    default: return false
    }
}
