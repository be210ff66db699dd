import OctavoNumerics

/// The tokens of one pass, and where they go in the caches.
struct CachePlacement: Sendable {
    /// Where each token stands in its sequence.
    private(set) var places: [TokenPlace] = []
    /// Which sequence each run of tokens belongs to; no two belong to one.
    private(set) var spans: [AttentionSpan] = []

    /// Divides what is new of some sequences into passes.
    ///
    /// A pass takes the sequences in their order, and of each as much as there is room for. Positions are those of
    /// whole sequences: how they are divided is not to be seen in the rotations.
    ///
    /// - Parameters:
    ///   - held: The tokens of each sequence that caches hold already.
    ///   - lengths: The length of each sequence, above what is held.
    ///   - limit: The most tokens of a pass.
    /// - Returns: The passes in order; the tokens of one stand in the order of its spans.
    static func passes(held: [Int], lengths: [Int], limit: Int) -> [CachePlacement] {
        precondition(held.count == lengths.count && limit > 0)
        var passes: [CachePlacement] = []
        for (sequence, (held, length)) in zip(held, lengths).enumerated() {
            precondition(held < length)
            var done = held
            while done < length {
                if passes.last.map({ $0.places.count == limit }) ?? true { passes.append(Self()) }
                let last = passes.count - 1
                let count = min(length - done, limit - passes[last].places.count)
                passes[last].append(done..<done + count, of: sequence, length: length)
                done += count
            }
        }
        return passes
    }

    private mutating func append(_ positions: Range<Int>, of sequence: Int, length: Int) {
        spans.append(
            AttentionSpan(
                firstQuery: places.count,
                queryCount: positions.count,
                sequence: sequence,
                keyCount: positions.upperBound
            )
        )
        places += positions.map { TokenPlace(position: $0, length: length) }
    }
}
