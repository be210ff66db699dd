import OctavoBase

/// Byte-pair encoding: a word starts as its bytes, and neighbours are merged, the pair that was
/// learned first before all others, until no pair of neighbours was learned.
struct BytePairModel: Sendable {
    private struct Merge {
        var rank: UInt32
        var id: UInt32
    }

    /// The id of each token, under the UTF-8 of its spelling.
    private let ids: [[UInt8]: Int]
    /// The id of the token that is one byte, if there is one.
    private let byteIDs: [Int?]
    private let merges: [UInt64: Merge]
    private let ignoresMerges: Bool
    private let unknown: Int?
    private let fusesUnknown: Bool

    /// Reads the `model` of a tokenizer file.
    init(_ json: JSON?) throws(TokenizerError) {
        var fields = try TokenizerFields(json, "model")
        try fields.refuse("type", unless: "BPE")
        try fields.refuse("byte_fallback", unless: false)
        try fields.refuse("dropout", unless: 0, 0.0)
        try fields.refuse("continuing_subword_prefix", unless: "")
        try fields.refuse("end_of_word_suffix", unless: "")
        let ids = try Self.vocabulary(try fields.required("vocab"))
        self.ids = ids
        byteIDs = ByteAlphabet.scalars.map { ids[Array(String($0).utf8)] }
        merges = try Self.merges(try fields.array("merges"), ids)
        ignoresMerges = try fields.bool("ignore_merges", default: false)
        fusesUnknown = try fields.bool("fuse_unk", default: false)
        if fields.optional("unk_token") != nil {
            let token = try fields.string("unk_token")
            guard let id = ids[Array(token.utf8)] else {
                throw .unknownToken("model.unk_token", token)
            }
            unknown = id
        } else {
            unknown = nil
        }
        try fields.finish()
    }

    private static func vocabulary(_ json: JSON) throws(TokenizerError) -> [[UInt8]: Int] {
        guard let object = json.object else {
            throw .wrongType("model.vocab", expected: "an object")
        }
        var ids: [[UInt8]: Int] = [:]
        ids.reserveCapacity(object.count)
        var taken: Set<Int> = []
        for (token, value) in object {
            guard let id = value.integer else {
                throw .wrongType("model.vocab[\"\(token)\"]", expected: "a whole number")
            }
            guard 0..<Tokenizer.idLimit ~= id else { throw .idOutOfRange(token, id) }
            guard taken.insert(id).inserted else { throw .duplicateID(id) }
            ids[Array(token.utf8)] = id
        }
        return ids
    }

    private static func merges(
        _ items: [JSON],
        _ ids: [[UInt8]: Int]
    ) throws(TokenizerError) -> [UInt64: Merge] {
        var merges: [UInt64: Merge] = [:]
        merges.reserveCapacity(items.count)
        func id(_ token: some Sequence<UInt8>, _ index: Int) throws(TokenizerError) -> Int {
            let token = Array(token)
            guard let id = ids[token] else {
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
            let pair = key(try id(parts[0], index), try id(parts[1], index))
            let merged = try id(parts[0] + parts[1], index)
            merges[pair] = Merge(rank: UInt32(index), id: UInt32(merged))
        }
        return merges
    }

    private static func key(_ left: Int, _ right: Int) -> UInt64 {
        UInt64(left) << 32 | UInt64(right)
    }

    /// The tokens of the vocabulary, each once, in no order.
    var tokens: some Collection<(key: [UInt8], value: Int)> { ids }

    /// How many tokens the vocabulary has.
    var count: Int { ids.count }

    /// The id of a token by its spelling.
    func id(of token: String) -> Int? { ids[Array(token.utf8)] }

    /// Appends the tokens of a word.
    ///
    /// A byte that has no token becomes the unknown token, or disappears if there is none.
    func encode(_ word: ArraySlice<UInt8>, into output: inout [Int]) {
        if ignoresMerges, let id = ids[Array(ByteAlphabet.spelling(word).utf8)] {
            return output.append(id)
        }
        var symbols = startingSymbols(of: word)
        merge(&symbols)
        output.append(contentsOf: symbols)
    }

    private func startingSymbols(of word: ArraySlice<UInt8>) -> [Int] {
        var symbols: [Int] = []
        symbols.reserveCapacity(word.count)
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
        return symbols
    }

    /// Merges neighbours in place until none can be.
    ///
    /// The symbols form a linked list and the possible merges a queue, so that a word of n bytes
    /// takes O(n log n) steps, however long.
    private func merge(_ symbols: inout [Int]) {
        let count = symbols.count
        var next = Array(1...max(count, 1))
        var previous = Array(-1..<max(count, 1) - 1)
        var queue = MergeQueue()
        func merge(at left: Int) -> Merge? {
            guard left >= 0, next[left] < count else { return nil }
            return merges[Self.key(symbols[left], symbols[next[left]])]
        }
        for left in 0..<count { if let merge = merge(at: left) { queue.push(merge.rank, left) } }
        while let (rank, left) = queue.pop() {
            // What was queued may be gone, or have become part of something else since.
            guard symbols[left] != gone, let found = merge(at: left), found.rank == rank else {
                continue
            }
            let right = next[left]
            symbols[left] = Int(found.id)
            symbols[right] = gone
            next[left] = next[right]
            if next[right] < count { previous[next[right]] = left }
            for place in [previous[left], left] {
                if let merge = merge(at: place) { queue.push(merge.rank, place) }
            }
        }
        symbols.removeAll { $0 == gone }
    }
}

/// Stands where a symbol was that its left neighbour has swallowed.
private let gone = -1
