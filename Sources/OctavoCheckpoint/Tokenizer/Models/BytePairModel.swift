import OctavoBase

/// Byte-pair encoding: a word starts as its smallest parts, and neighbours are merged, the pair that
/// was learned first before all others, until no pair of neighbours was learned.
struct BytePairModel: Sendable {
    /// What the smallest parts of a word are.
    enum Alphabet: Sendable {
        /// Its bytes, each spelled as `ByteAlphabet` says.
        case bytes
        /// Its scalars; of one that has no token the bytes, if they have tokens, `<0x0A>` and the like.
        case scalars
    }

    let vocabulary: Vocabulary
    private let alphabet: Alphabet
    /// The id of the token that is one byte, if there is one.
    private let byteIDs: [Int?]
    /// The id of each token that is one scalar, under the scalar.
    private let scalarIDs: IntegerTable
    /// The rank of each merge and the id it makes, `rank << 32 | id`, under `left << 32 | right`.
    private let merges: IntegerTable
    private let ignoresMerges: Bool
    private let unknown: Int?
    private let fusesUnknown: Bool

    /// A model made of parts.
    ///
    /// - Parameters:
    ///   - vocabulary: The tokens.
    ///   - merges: As `merge(_:_:rank:into:)` adds them.
    ///   - unknown: The id of what has no token, several in a row being one.
    ///   - fallsBackToBytes: Whether a scalar without a token becomes its bytes.
    init(vocabulary: Vocabulary, merges: IntegerTable, unknown: Int?, fallsBackToBytes: Bool) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.unknown = unknown
        alphabet = .scalars
        byteIDs = fallsBackToBytes ? vocabulary.byteIDs : Array(repeating: nil, count: 256)
        scalarIDs = vocabulary.scalarIDs
        ignoresMerges = false
        fusesUnknown = true
    }

    /// Reads the `model` of a tokenizer file.
    init(_ json: JSON, alphabet: Alphabet) throws(TokenizerError) {
        var fields = try TokenizerFields(json, "model")
        try fields.refuse("type", unless: "BPE")
        try fields.refuse("dropout", unless: 0, 0.0)
        try fields.refuse("continuing_subword_prefix", unless: "")
        try fields.refuse("end_of_word_suffix", unless: "")
        let vocabulary = try Vocabulary(try fields.required("vocab"))
        self.vocabulary = vocabulary
        self.alphabet = alphabet
        let fallsBack = try fields.bool("byte_fallback", default: false)
        switch alphabet {
        case .bytes:
            byteIDs = ByteAlphabet.scalars.map { vocabulary.id(of: String($0)) }
            // Of a byte without a token, the fallback would be to the bytes of how it is spelled.
            guard !fallsBack || byteIDs.allSatisfy({ $0 != nil }) else {
                throw .unsupported("model.byte_fallback", "true, where bytes have no token")
            }
        case .scalars:
            byteIDs = fallsBack ? vocabulary.byteIDs : Array(repeating: nil, count: 256)
        }
        scalarIDs = vocabulary.scalarIDs
        merges = try Self.merges(try fields.array("merges"), vocabulary)
        ignoresMerges = try fields.bool("ignore_merges", default: false)
        fusesUnknown = try fields.bool("fuse_unk", default: false)
        if fields.optional("unk_token") != nil {
            let token = try fields.string("unk_token")
            guard let id = vocabulary.id(of: token) else {
                throw .unknownToken("model.unk_token", token)
            }
            unknown = id
        } else {
            unknown = nil
        }
        try fields.finish()
    }

    private static func merges(
        _ items: [JSON],
        _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> IntegerTable {
        var merges = IntegerTable(capacity: items.count)
        func id(_ token: [UInt8], _ index: Int) throws(TokenizerError) -> Int {
            guard let id = vocabulary.id(of: token) else {
                throw .unknownMergeToken(index, String(decoding: token, as: UTF8.self))
            }
            return id
        }
        for (index, item) in items.enumerated() {
            // Files of old spell a pair as one text, and may start with the header of merges.txt.
            let parts: [[UInt8]]
            switch item {
            case .string(let text):
                if index == 0 && text.utf8.starts(with: "#version".utf8) { continue }
                parts = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false).map(
                    Array.init
                )
            case .array(let items): parts = items.compactMap { $0.string.map { Array($0.utf8) } }
            default: parts = []
            }
            guard parts.count == 2 else { throw .malformedMerge(index) }
            let left = try id(parts[0], index)
            let right = try id(parts[1], index)
            let merged = try id(parts[0] + parts[1], index)
            merges.setMerge(left, right, rank: index, merged: merged)
        }
        return merges
    }

    /// Whether words may be cut before each run of a mark, such as ▁, and come out the same.
    ///
    /// They may if no token has the mark behind anything else, for then no merge reaches across.
    func mayCut(before mark: [UInt8]) -> Bool {
        guard case .scalars = alphabet, !ignoresMerges, vocabulary.id(of: mark) != nil else {
            return false
        }
        return vocabulary.tokens.allSatisfy { token, _ in
            var end = 0
            while token[end...].starts(with: mark) { end += mark.count }
            return token[end...].firstRange(of: mark) == nil
        }
    }

    /// Appends the tokens of a word.
    ///
    /// A part that has no token becomes the unknown token, or disappears if there is none.
    func encode(_ word: ArraySlice<UInt8>, into output: inout [Int]) {
        if ignoresMerges {
            let spelling =
                switch alphabet {
                case .bytes: Array(ByteAlphabet.spelling(word).utf8)
                case .scalars: Array(word)
                }
            if let id = vocabulary.id(of: spelling) { return output.append(id) }
        }
        var symbols = SymbolList(capacity: word.count)
        switch alphabet {
        case .bytes: appendBytes(of: word, to: &symbols)
        case .scalars: appendScalars(of: word, to: &symbols)
        }
        symbols.merge(by: merges)
        symbols.append(to: &output)
    }

    private func appendBytes(of word: ArraySlice<UInt8>, to symbols: inout SymbolList) {
        var wasUnknown = false
        for byte in word {
            if let id = byteIDs[Int(byte)] {
                symbols.append(id)
                wasUnknown = false
            } else if let unknown, !(wasUnknown && fusesUnknown) {
                symbols.append(unknown)
                wasUnknown = true
            }
        }
    }

    private func appendScalars(of word: ArraySlice<UInt8>, to symbols: inout SymbolList) {
        // An unknown part waits for the next token: bytes that stand for a scalar go before it, as
        // they do in the library.
        var unknownsWaiting = 0
        func flush() {
            guard let unknown else { return }
            for _ in 0..<unknownsWaiting { symbols.append(unknown) }
            unknownsWaiting = 0
        }
        var at = word.startIndex
        while at < word.endIndex {
            let (scalar, width) = scalar(at: at, in: word)
            let bytes = word[at..<at + width]
            at += width
            if let id = scalarIDs[UInt64(scalar.value)] {
                flush()
                symbols.append(Int(id))
            } else if bytes.allSatisfy({ byteIDs[Int($0)] != nil }) {
                for byte in bytes { symbols.append(byteIDs[Int(byte)] ?? 0) }
            } else if unknown != nil {
                unknownsWaiting = fusesUnknown ? 1 : unknownsWaiting + 1
            }
        }
        flush()
    }
}

extension IntegerTable {
    /// Notes that a pair becomes a token; of a pair noted twice, the last counts.
    mutating func setMerge(_ left: Int, _ right: Int, rank: Int, merged: Int) {
        self[UInt64(left) << 32 | UInt64(right)] = UInt64(rank) << 32 | UInt64(merged)
    }
}
