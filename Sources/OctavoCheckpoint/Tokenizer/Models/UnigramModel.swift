import OctavoBase

/// Unigram: of all ways to cut a word into tokens, the one whose scores have the greatest sum.
struct UnigramModel: Sendable {
    let vocabulary: Vocabulary
    private let trie: ByteTrie
    private let scores: [Double]
    private let unknown: Int?
    private let byteIDs: [Int?]
    /// Whether sums are held in single precision, as SentencePiece does, or in double, as the
    /// `tokenizers` library does: two ways may differ by less than that.
    private let isSinglePrecision: Bool
    /// The score of a scalar without a token.
    private let unknownScore: Double

    /// What a scalar without a token costs more than the worst token.
    private static let unknownPenalty = 10.0

    /// A model made of parts.
    ///
    /// - Parameters:
    ///   - vocabulary: The tokens.
    ///   - scores: The score of each id.
    ///   - used: The ids that words may be cut into.
    ///   - lowest: The lowest score of an ordinary token.
    ///   - unknown: The id of what has no token.
    ///   - fallsBackToBytes: Whether that becomes its bytes instead.
    ///   - isSinglePrecision: Whether sums are held in single precision.
    init(
        vocabulary: Vocabulary,
        scores: [Double],
        used: some Sequence<Int>,
        lowest: Double,
        unknown: Int?,
        fallsBackToBytes: Bool,
        isSinglePrecision: Bool
    ) {
        self.vocabulary = vocabulary
        self.scores = scores
        self.unknown = unknown
        self.isSinglePrecision = isSinglePrecision
        byteIDs = fallsBackToBytes ? vocabulary.byteIDs : Array(repeating: nil, count: 256)
        unknownScore = lowest - Self.unknownPenalty
        let used = Set(used)
        var trie = ByteTrie()
        for (token, id) in vocabulary.tokens where used.contains(id) {
            trie.insert(token, value: id)
        }
        self.trie = trie
    }

    /// Reads the `model` of a tokenizer file.
    init(_ json: JSON) throws(TokenizerError) {
        var fields = try TokenizerFields(json, "model")
        try fields.refuse("type", unless: "Unigram")
        let items = try fields.array("vocab")
        var tokens: [String] = []
        var scores: [Double] = []
        for (index, item) in items.enumerated() {
            guard let pair = item.array, pair.count == 2, let token = pair[0].string,
                let score = pair[1].number
            else {
                throw .wrongType("model.vocab[\(index)]", expected: "a token and its score")
            }
            tokens.append(token)
            scores.append(score)
        }
        var unknown: Int?
        if fields.optional("unk_id") != nil {
            let id = try fields.integer("unk_id")
            guard tokens.indices.contains(id) else {
                throw .unknownToken("model.unk_id", "\(id)")
            }
            unknown = id
        }
        // Without it the library fails at the first text that has an unknown scalar.
        guard let unknown else { throw .missing("model.unk_id") }
        self.init(
            vocabulary: try Vocabulary(tokens),
            scores: scores,
            used: tokens.indices,
            lowest: scores.min() ?? 0,
            unknown: unknown,
            fallsBackToBytes: try fields.bool("byte_fallback", default: false),
            isSinglePrecision: false
        )
        try fields.finish()
    }

    /// The best way to cut a text up to some place: its score, the last token and where that starts.
    private struct Way {
        var score = 0.0
        var start = -1
        var id = -1
    }

    /// Appends the tokens of a word.
    func encode(_ word: ArraySlice<UInt8>, into output: inout [Int]) {
        let pieces = bestPieces(of: word)
        var index = 0
        while index < pieces.count {
            var range = pieces[index].range
            let id = pieces[index].id
            index += 1
            guard id == unknown else {
                output.append(id)
                continue
            }
            while index < pieces.count, pieces[index].id == unknown {
                range = range.lowerBound..<pieces[index].range.upperBound
                index += 1
            }
            appendUnknown(word[range], to: &output)
        }
    }

    /// What no token was found for: a token all the same, if it is one, or its bytes, or unknown.
    private func appendUnknown(_ text: ArraySlice<UInt8>, to output: inout [Int]) {
        if !isSinglePrecision, let id = vocabulary.id(of: Array(text)) {
            output.append(id)
        } else if text.allSatisfy({ byteIDs[Int($0)] != nil }) {
            for byte in text { output.append(byteIDs[Int(byte)] ?? 0) }
        } else if let unknown {
            output.append(unknown)
        }
    }

    private func bestPieces(of word: ArraySlice<UInt8>) -> [(id: Int, range: Range<Int>)] {
        var ways = [Way](repeating: Way(), count: word.count + 1)
        func offer(_ id: Int, _ score: Double, from start: Int, to end: Int) {
            let score = isSinglePrecision ? Double(Float(score)) : score
            let way = end - word.startIndex
            guard ways[way].start < 0 || score > ways[way].score else { return }
            ways[way] = Way(score: score, start: start, id: id)
        }
        var at = word.startIndex
        while at < word.endIndex {
            let score = ways[at - word.startIndex].score
            let width = scalar(at: at, in: word).width
            var isKnown = false
            trie.forEachPrefix(of: word, from: at) { id, end in
                offer(id, score + scores[id], from: at, to: end)
                if end == at + width { isKnown = true }
            }
            if !isKnown { offer(unknown ?? 0, score + unknownScore, from: at, to: at + width) }
            at += width
        }
        var pieces: [(id: Int, range: Range<Int>)] = []
        var end = word.endIndex
        while end > word.startIndex {
            let way = ways[end - word.startIndex]
            pieces.append((way.id, way.start..<end))
            end = way.start
        }
        return pieces.reversed()
    }
}
