/// The merges of a vocabulary that has scores instead of merges, as SentencePiece's byte-pair models.
///
/// Two neighbours that together are a token become it, the token of the highest score first.
struct ScoredMerges {
    /// A pair of ids and the id that it becomes.
    struct Merge {
        let left: Int
        let right: Int
        let id: Int
    }

    /// All merges, those of the highest score first.
    ///
    /// Of the same score those with the longer left part come first, then those with the longer right
    /// part, in scalars: `transformers` lists them so.
    let ordered: [Merge]
    private let scores: [Double]

    /// Finds the merges among tokens.
    ///
    /// - Parameters:
    ///   - vocabulary: The tokens.
    ///   - scores: The score of each id.
    ///   - ids: The tokens that may merge, or be merged to.
    init(_ vocabulary: Vocabulary, scores: [Double], ids: [Int]) {
        let known = Set(ids)
        var merges: [Merge] = []
        for (token, id) in vocabulary.tokens where known.contains(id) && token.count > 1 {
            for cut in 1..<token.count where token[cut] & 0xC0 != 0x80 {
                guard let left = vocabulary.id(of: Array(token[..<cut])), known.contains(left),
                    let right = vocabulary.id(of: Array(token[cut...])), known.contains(right)
                else { continue }
                merges.append(Merge(left: left, right: right, id: id))
            }
        }
        self.scores = scores
        var lengths: [Int: Int] = [:]
        for (token, id) in vocabulary.tokens { lengths[id] = token.count { $0 & 0xC0 != 0x80 } }
        func length(_ id: Int) -> Int { lengths[id] ?? 0 }
        ordered = merges.sorted { a, b in
            if scores[a.id] != scores[b.id] { return scores[a.id] > scores[b.id] }
            if length(a.left) != length(b.left) { return length(a.left) > length(b.left) }
            if length(a.right) != length(b.right) { return length(a.right) > length(b.right) }
            return (a.id, a.left) < (b.id, b.left)
        }
    }

    /// Whether some pair becomes this token.
    func makes(_ id: Int) -> Bool { ordered.contains { $0.id == id } }

    /// The merges as a model has them: those of the same score have the same rank, so that of them the
    /// leftmost is made first.
    var table: IntegerTable {
        var table = IntegerTable(capacity: ordered.count)
        var rank = 0
        var scoreBefore: Double?
        for merge in ordered {
            if let scoreBefore, scores[merge.id] != scoreBefore { rank += 1 }
            scoreBefore = scores[merge.id]
            table.setMerge(merge.left, merge.right, rank: rank, merged: merge.id)
        }
        return table
    }
}
