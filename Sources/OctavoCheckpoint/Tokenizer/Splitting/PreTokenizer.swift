import OctavoBase

/// Cuts text into the words that are then tokenized one by one.
struct PreTokenizer: Sendable {
    enum Step: Sendable {
        case split(Delimiter, SplitBehavior, isInverted: Bool)
        /// A regular expression that is scanned by hand.
        case scan(SplitPattern)
        /// Runs of `\w`, and runs of what is neither that nor white space.
        case wordsAndMarks
        case metaspace(Metaspace)
        /// Puts a space before a piece that does not start with one.
        case prefixSpace
        /// Cuts before each run of a mark, which changes nothing but the time that long words take.
        case cutBefore([UInt8])
    }

    private(set) var steps: [Step] = []
    /// Whether words are bytes for the model: whether there is a `ByteLevel`.
    private(set) var isByteLevel = false

    /// No steps but these.
    init(steps: [Step]) { self.steps = steps }

    /// Reads the `pre_tokenizer` of a tokenizer file.
    init(_ json: JSON?, _ path: String) throws(TokenizerError) {
        if let json, json != .null { try read(json, path) }
    }

    private mutating func read(_ json: JSON, _ path: String) throws(TokenizerError) {
        var fields = try TokenizerFields(json, path)
        let type = try fields.string("type")
        // After ByteLevel, letters are no longer what they were.
        guard !isByteLevel else { throw .unsupported(path, "\(type) after ByteLevel") }
        switch type {
        case "Sequence":
            for (index, item) in try fields.array("pretokenizers").enumerated() {
                try read(item, "\(path).pretokenizers[\(index)]")
            }
        case "ByteLevel":
            if try fields.bool("add_prefix_space") { steps.append(.prefixSpace) }
            if try fields.bool("use_regex", default: true) { steps.append(.scan(.gpt2)) }
            fields.ignore("trim_offsets")
            isByteLevel = true
        case "Digits":
            let behavior: SplitBehavior =
                try fields.bool("individual_digits") ? .isolated : .contiguous
            steps.append(.split(.numeral, behavior, isInverted: false))
        case "Punctuation":
            let behavior = try Self.behavior(&fields, default: .isolated)
            steps.append(.split(.punctuation, behavior, isInverted: false))
        case "WhitespaceSplit": steps.append(.split(.space, .removed, isInverted: false))
        case "Whitespace": steps.append(.wordsAndMarks)
        case "Metaspace":
            let metaspace = try Metaspace(&fields)
            // Later steps no longer know which piece was the first.
            guard metaspace.prepending != .first || steps.isEmpty else {
                throw .unsupported(fields.name("prepend_scheme"), "first, after other steps")
            }
            steps.append(.metaspace(metaspace))
        case "Split": steps.append(try Self.split(&fields))
        default: throw .unsupported(fields.name("type"), type)
        }
        try fields.finish()
    }

    private static func behavior(
        _ fields: inout TokenizerFields,
        default fallback: SplitBehavior?
    ) throws(TokenizerError) -> SplitBehavior {
        if let fallback, fields.optional("behavior") == nil { return fallback }
        let name = try fields.string("behavior")
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw .unsupported(fields.name("behavior"), name)
        }
        return behavior
    }

    private static func split(_ fields: inout TokenizerFields) throws(TokenizerError) -> Step {
        let behavior = try behavior(&fields, default: nil)
        let isInverted = try fields.bool("invert")
        // Those that most models have are scanned faster by hand.
        if behavior == .isolated, !isInverted,
            let regex = fields.optional("pattern")?["Regex"]?.string,
            let pattern = SplitPattern(regex: regex)
        {
            return .scan(pattern)
        }
        return .split(try Delimiter(&fields), behavior, isInverted: isInverted)
    }

    /// Whether it matters to some step which piece of a text comes first.
    var marksFirst: Bool {
        if case .metaspace(let metaspace) = steps.first {
            metaspace.prepending == .first
        } else {
            false
        }
    }

    /// Has words cut, at last, before each run of a mark.
    mutating func cutBefore(_ mark: [UInt8]) { steps.append(.cutBefore(mark)) }

    /// The words of a text, in order.
    ///
    /// - Parameters:
    ///   - text: A text, or a piece of one.
    ///   - isFirst: Whether the text starts with it.
    /// - Returns: The words; none is empty, and those that were left out are missing.
    /// - Throws: When a regular expression takes too many steps on this text.
    func words(
        of text: ArraySlice<UInt8>,
        isFirst: Bool
    ) throws(TokenizerError) -> [ArraySlice<UInt8>] {
        var pieces = [text]
        for step in steps {
            var next: [ArraySlice<UInt8>] = []
            next.reserveCapacity(max(pieces.count, text.count / 4))
            for piece in pieces where !piece.isEmpty {
                switch step {
                case .split(let delimiter, let behavior, let isInverted):
                    let matches = try delimiter.matches(in: piece)
                    behavior.split(piece, at: matches, isInverted: isInverted, into: &next)
                case .scan(let pattern): pattern.split(piece, into: &next)
                case .wordsAndMarks: splitWordsAndMarks(piece, into: &next)
                case .metaspace(let metaspace):
                    try metaspace.split(piece, isFirst: isFirst, into: &next)
                case .cutBefore(let mark): cut(piece, before: mark, into: &next)
                case .prefixSpace:
                    next.append(piece.first == 0x20 ? piece : ([0x20] + piece)[...])
                }
            }
            pieces = next
        }
        return pieces
    }
}

/// Appends the pieces of a text that begin with a run of a mark, and what is before the first.
private func cut(
    _ text: ArraySlice<UInt8>,
    before mark: [UInt8],
    into words: inout [ArraySlice<UInt8>]
) {
    guard let first = mark.first else { return words.append(text) }
    var start = text.startIndex
    var at = start
    var markEnd = -1
    while at < text.endIndex {
        guard text[at] == first, text[at...].starts(with: mark) else {
            at += 1
            continue
        }
        if at != markEnd, at > start {
            words.append(text[start..<at])
            start = at
        }
        at += mark.count
        markEnd = at
    }
    words.append(text[start...])
}

/// `\w+|[^\w\s]+`, with what is between left out.
private func splitWordsAndMarks(_ text: ArraySlice<UInt8>, into words: inout [ArraySlice<UInt8>]) {
    enum Kind { case word, mark, space }
    var kindBefore = Kind.space
    var start = text.startIndex
    var at = start
    func end() { if kindBefore != .space { words.append(text[start..<at]) } }
    while at < text.endIndex {
        let (scalar, width) = scalar(at: at, in: text)
        let kind: Kind =
            isWordScalar(scalar) ? .word : scalar.properties.isWhitespace ? .space : .mark
        if kind != kindBefore {
            end()
            start = at
            kindBefore = kind
        }
        at += width
    }
    end()
}
