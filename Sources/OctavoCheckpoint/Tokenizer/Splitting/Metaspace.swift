import OctavoBase

/// The space of SentencePiece: ▁ for each space, and one in front of a text.
struct Metaspace: Sendable {
    /// What gets one in front.
    enum Prepending: String, Sendable {
        case always
        /// Only what starts the text.
        case first
        case never
    }

    let replacement: [UInt8]
    let prepending: Prepending
    /// Whether each mark starts a word.
    let splits: Bool

    /// Reads the fields of a `Metaspace`, pre-tokenizer or decoder.
    init(_ fields: inout TokenizerFields) throws(TokenizerError) {
        let mark = try fields.string("replacement")
        guard mark.unicodeScalars.count == 1 else {
            throw .unsupported(fields.name("replacement"), mark)
        }
        replacement = Array(mark.utf8)
        let scheme =
            fields.optional("prepend_scheme") == nil
            ? "always" : try fields.string("prepend_scheme")
        guard let prepending = Prepending(rawValue: scheme) else {
            throw .unsupported(fields.name("prepend_scheme"), scheme)
        }
        self.prepending = prepending
        // The field of old must not say otherwise: then the library refuses the file too.
        let addsPrefix = try fields.bool("add_prefix_space", default: prepending != .never)
        guard addsPrefix == (prepending != .never) else {
            throw .unsupported(fields.name("add_prefix_space"), "\(addsPrefix)")
        }
        splits = try fields.bool("split", default: true)
    }

    /// Appends the words of a piece of text.
    func split(
        _ text: ArraySlice<UInt8>,
        isFirst: Bool,
        into words: inout [ArraySlice<UInt8>]
    ) throws(TokenizerError) {
        guard !text.isEmpty else { return }
        var marked = try Replacement(pattern: .text([0x20]), content: replacement).apply(text)
        let isPrepended =
            switch prepending {
            case .always: true
            case .first: isFirst
            case .never: false
            }
        if isPrepended, !marked.starts(with: replacement) { marked = (replacement + marked)[...] }
        guard splits else { return words.append(marked) }
        let matches = try Delimiter.text(replacement).matches(in: marked)
        SplitBehavior.mergedWithNext.split(marked, at: matches, isInverted: false, into: &words)
    }
}
