import OctavoBase

/// Cuts text into the words that are then tokenized one by one.
struct PreTokenizer: Sendable {
    enum Step: Sendable {
        /// Every numeral becomes a word of its own, or every run of numerals.
        case digits(individually: Bool)
        case pattern(SplitPattern)
        /// Puts a space before a piece that does not start with one.
        case prefixSpace
    }

    private(set) var steps: [Step] = []

    /// Reads the `pre_tokenizer` of a tokenizer file, which must end with `ByteLevel`: the model's
    /// alphabet is bytes.
    init(_ json: JSON?, _ path: String) throws(TokenizerError) {
        var isBytes = false
        try read(json ?? .null, path, &isBytes)
        guard isBytes else { throw .missing("\(path) ByteLevel") }
    }

    private mutating func read(
        _ json: JSON,
        _ path: String,
        _ isBytes: inout Bool
    ) throws(TokenizerError) {
        var fields = try TokenizerFields(json, path)
        let type = try fields.string("type")
        // After ByteLevel, letters are no longer what they were.
        guard !isBytes else { throw .unsupported(path, "\(type) after ByteLevel") }
        switch type {
        case "Sequence":
            for (index, item) in try fields.array("pretokenizers").enumerated() {
                try read(item, "\(path).pretokenizers[\(index)]", &isBytes)
            }
        case "ByteLevel":
            if try fields.bool("add_prefix_space") { steps.append(.prefixSpace) }
            if try fields.bool("use_regex", default: true) { steps.append(.pattern(.gpt2)) }
            fields.ignore("trim_offsets")
            isBytes = true
        case "Digits":
            steps.append(.digits(individually: try fields.bool("individual_digits")))
        case "Split":
            steps.append(.pattern(try Self.pattern(&fields)))
        default: throw .unsupported(fields.name("type"), type)
        }
        try fields.finish()
    }

    private static func pattern(_ fields: inout TokenizerFields) throws(TokenizerError)
        -> SplitPattern
    {
        let behavior = try fields.string("behavior")
        guard behavior == "Isolated" else { throw .unsupported(fields.name("behavior"), behavior) }
        try fields.refuse("invert", unless: false)
        let path = fields.name("pattern")
        var kinds = try TokenizerFields(try fields.required("pattern"), path)
        try kinds.refuse("String")
        let regex = try kinds.string("Regex")
        try kinds.finish()
        guard let pattern = SplitPattern(regex: regex) else {
            throw .unknownPattern(path, regex: regex)
        }
        return pattern
    }

    /// The words of a text, in order.
    func words(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var pieces = [text]
        for step in steps {
            var next: [ArraySlice<UInt8>] = []
            next.reserveCapacity(max(pieces.count, text.count / 4))
            for piece in pieces where !piece.isEmpty {
                switch step {
                case .digits(let individually): splitDigits(piece, individually, into: &next)
                case .pattern(let pattern): pattern.split(piece, into: &next)
                case .prefixSpace:
                    next.append(piece.first == 0x20 ? piece : ([0x20] + piece)[...])
                }
            }
            pieces = next
        }
        return pieces
    }
}

/// Cuts before and after numerals.
///
/// Numerals are what Rust's `char::is_numeric` says, in which, unlike in the regular expressions,
/// the youngest scalars count too.
private func splitDigits(
    _ text: ArraySlice<UInt8>,
    _ individually: Bool,
    into words: inout [ArraySlice<UInt8>]
) {
    var start = text.startIndex
    var wasNumeral = false
    var at = start
    while at < text.endIndex {
        let (scalar, width) = scalar(at: at, in: text)
        let isNumeral = isNumeric(scalar)
        if at > start && (isNumeral != wasNumeral || (isNumeral && individually)) {
            words.append(text[start..<at])
            start = at
        }
        wasNumeral = isNumeral
        at += width
    }
    if start < at { words.append(text[start..<at]) }
}

private func isNumeric(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar >= "0" && scalar <= "9" }
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
}
