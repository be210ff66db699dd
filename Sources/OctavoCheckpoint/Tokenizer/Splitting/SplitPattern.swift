/// The regular expressions by which tokenizers cut text into words, each scanned by hand.
///
/// Their alternatives leave no scalar uncovered, so that the words tile the text.
enum SplitPattern: Hashable, Sendable {
    /// GPT-2's: English contractions, letters, numbers or other marks with a space before them, space.
    case gpt2
    /// That of Llama 3 and its kin: contractions in either case, letters with any one mark before
    /// them, at most so many numerals, marks with the ends of line after them, space.
    case llama3(numerals: Int)

    /// Recognises a regular expression by its exact text.
    init?(regex: String) {
        switch regex {
        case Self.gpt2.regex: self = .gpt2
        case Self.llama3(numerals: 3).regex: self = .llama3(numerals: 3)
        case Self.llama3(numerals: 1).regex: self = .llama3(numerals: 1)
        default: return nil
        }
    }

    /// The expression as tokenizer files have it.
    var regex: String {
        switch self {
        case .gpt2:
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
        case .llama3(let numerals):
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
                + (numerals == 1 ? #"\p{N}"# : #"\p{N}{1,\#(numerals)}"#)
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        }
    }

    /// Cuts a text into words.
    func split(_ text: ArraySlice<UInt8>, into words: inout [ArraySlice<UInt8>]) {
        var scanner = WordScanner(text)
        while scanner.at < text.endIndex {
            let start = scanner.at
            switch self {
            case .gpt2: scanner.advanceLikeGPT2()
            case .llama3(let numerals): scanner.advanceLikeLlama3(numerals: numerals)
            }
            words.append(text[start..<scanner.at])
        }
    }
}

/// A place in a text, moved from word to word.
private struct WordScanner {
    let text: ArraySlice<UInt8>
    var at: Int

    init(_ text: ArraySlice<UInt8>) {
        self.text = text
        at = text.startIndex
    }

    /// The scalar at an index and its width; nil at the end of the text.
    func kind(at index: Int) -> (kind: ScalarKind, width: Int)? {
        guard index < text.endIndex else { return nil }
        let (scalar, width) = scalar(at: index, in: text)
        return (ScalarKind(scalar), width)
    }

    /// The end of the run of one kind that starts at an index, of `limit` scalars at most.
    func run(of wanted: ScalarKind, from start: Int, limit: Int = .max) -> Int {
        var end = start
        var count = 0
        while count < limit, let (kind, width) = kind(at: end), kind == wanted {
            end += width
            count += 1
        }
        return end
    }

    mutating func advanceLikeGPT2() {
        if let end = contraction(ignoringCase: false) { return at = end }
        let isAfterSpace = text[at] == UInt8(ascii: " ")
        let start = isAfterSpace ? at + 1 : at
        if let (kind, _) = kind(at: start), !kind.isSpace {
            at = run(of: kind, from: start)
        } else {
            advanceOverSpace(endingAtNewline: false)
        }
    }

    mutating func advanceLikeLlama3(numerals: Int) {
        if let end = contraction(ignoringCase: true) { return at = end }
        guard let (first, width) = kind(at: at) else { return }
        switch first {
        case .letter: return at = run(of: .letter, from: at)
        case .number: return at = run(of: .number, from: at, limit: numerals)
        case .newline: break
        case .space, .other:
            let letters = run(of: .letter, from: at + width)
            if letters > at + width { return at = letters }
            let start = text[at] == UInt8(ascii: " ") ? at + 1 : at
            let marks = run(of: .other, from: start)
            if marks > start { return at = run(of: .newline, from: marks) }
        }
        advanceOverSpace(endingAtNewline: true)
    }

    /// `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`.
    ///
    /// Without regard to case, the long s (U+017F) counts as an s too: Unicode folds it to one.
    func contraction(ignoringCase: Bool) -> Int? {
        guard text[at] == UInt8(ascii: "'"), at + 1 < text.endIndex else { return nil }
        let fold: UInt8 = ignoringCase ? 0x20 : 0
        let second = at + 2 < text.endIndex ? text[at + 2] : 0
        switch text[at + 1] | fold {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return at + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return second | fold == UInt8(ascii: "e") ? at + 3 : nil
        case UInt8(ascii: "l"):
            return second | fold == UInt8(ascii: "l") ? at + 3 : nil
        default:
            return ignoringCase && text[at + 1] == 0xC5 && second == 0xBF ? at + 3 : nil
        }
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`, or without the first alternative.
    ///
    /// The second leaves the last space of several to the word that follows them.
    mutating func advanceOverSpace(endingAtNewline: Bool) {
        var end = at
        var last = at
        var afterNewline: Int?
        while let (kind, width) = kind(at: end), kind.isSpace {
            last = end
            end += width
            if kind == .newline { afterNewline = end }
        }
        if endingAtNewline, let afterNewline { return at = afterNewline }
        at = end == text.endIndex || last == at ? end : last
    }
}
