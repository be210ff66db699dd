import OctavoBase

/// What happens to text before it is split: steps, one after the other.
struct Normalizer: Sendable {
    enum Step: Sendable {
        case form(UnicodeForm)
        /// Each scalar becomes its small letter.
        case lowercase
        /// Puts something before a text, unless that is empty.
        case prepend([UInt8])
        case replace(Replacement)
        /// Takes the white space from a text's ends.
        case strip(left: Bool, right: Bool)
        /// Maps graphemes, or else scalars, by a table.
        case charsmap(Charsmap)
        /// All that a SentencePiece model does to text.
        case sentencePiece(SentencePieceNormalizer)
    }

    private(set) var steps: [Step] = []

    init(steps: [Step]) { self.steps = steps }

    /// Reads the `normalizer` of a tokenizer file.
    init(_ json: JSON?, _ path: String) throws(TokenizerError) {
        if let json, json != .null { try read(json, path) }
    }

    private mutating func read(_ json: JSON, _ path: String) throws(TokenizerError) {
        var fields = try TokenizerFields(json, path)
        let type = try fields.string("type")
        switch type {
        case "Sequence":
            for (index, item) in try fields.array("normalizers").enumerated() {
                try read(item, "\(path).normalizers[\(index)]")
            }
        case "Lowercase": steps.append(.lowercase)
        case "Prepend": steps.append(.prepend(Array(try fields.string("prepend").utf8)))
        case "Replace": steps.append(.replace(try Replacement(&fields)))
        case "Strip":
            let left = try fields.bool("strip_left")
            steps.append(.strip(left: left, right: try fields.bool("strip_right")))
        case "Precompiled":
            let name = fields.name("precompiled_charsmap")
            let text = try fields.string("precompiled_charsmap")
            guard let bytes = bytes(ofBase64: text), let map = Charsmap(bytes) else {
                throw .badCharsmap(name)
            }
            steps.append(.charsmap(map))
        default:
            guard let form = UnicodeForm(rawValue: type) else {
                throw .unsupported(fields.name("type"), type)
            }
            steps.append(.form(form))
        }
        try fields.finish()
    }

    /// Whether text may lose its start, so that what comes first afterwards did not come first before.
    var mayDropStart: Bool {
        steps.contains { step in
            switch step {
            case .form, .lowercase, .prepend: false
            case .replace(let replacement): replacement.content.isEmpty
            case .strip, .charsmap, .sentencePiece: true
            }
        }
    }

    /// The text as it will be split.
    ///
    /// - Throws: When a regular expression takes too many steps on this text.
    func apply(_ text: ArraySlice<UInt8>) throws(TokenizerError) -> ArraySlice<UInt8> {
        var text = text
        for step in steps {
            switch step {
            case .form(let form): text = form.apply(text)
            case .lowercase: text = lowercased(text)
            case .prepend(let prefix): if !text.isEmpty { text = (prefix + text)[...] }
            case .replace(let replacement): text = try replacement.apply(text)
            case .strip(let left, let right): text = stripped(text, left, right)
            case .charsmap(let map): text = map.applyToGraphemes(text)
            case .sentencePiece(let normalizer): text = normalizer.apply(text)
            }
        }
        return text
    }
}

/// Each scalar's small letter by itself, whatever stands around it, as Rust's `char::to_lowercase`.
private func lowercased(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var at = text.startIndex
    while at < text.endIndex {
        let (scalar, width) = scalar(at: at, in: text)
        result += scalar.properties.lowercaseMapping.utf8
        at += width
    }
    return result[...]
}

private func stripped(_ text: ArraySlice<UInt8>, _ left: Bool, _ right: Bool) -> ArraySlice<UInt8> {
    var text = text
    while left, !text.isEmpty {
        let (first, width) = scalar(at: text.startIndex, in: text)
        guard first.properties.isWhitespace else { break }
        text = text.dropFirst(width)
    }
    while right, !text.isEmpty {
        let start = scalarStart(before: text.endIndex, in: text)
        guard scalar(at: start, in: text).scalar.properties.isWhitespace else { break }
        text = text[..<start]
    }
    return text
}
