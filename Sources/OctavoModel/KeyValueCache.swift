import OctavoNumerics

/// The keys and values of one block for a batch of sequences, each with room for `capacity` tokens.
struct LayerCache: Sendable {
    /// `[sequences · capacity, keyValueWidth]`, flat.
    private(set) var keys: [Float]
    /// As `keys`.
    private(set) var values: [Float]

    init(rows: Int, width: Int) {
        keys = [Float](repeating: 0, count: rows * width)
        values = keys
    }

    /// Copies new rows to their places.
    mutating func store(
        keys newKeys: Matrix,
        values newValues: Matrix,
        at placement: CachePlacement
    ) {
        let width = newKeys.columns
        for (row, place) in placement.rows.enumerated() {
            let source = row * width..<(row + 1) * width
            let target = place * width..<(place + 1) * width
            keys.replaceSubrange(target, with: newKeys.elements[source])
            values.replaceSubrange(target, with: newValues.elements[source])
        }
    }
}

/// Where the tokens of a step go in the caches.
struct CachePlacement: Sendable {
    /// The position of each token in its sequence.
    var positions: [Int] = []
    /// The row of each token in a cache.
    var rows: [Int] = []
    /// What attention needs to know.
    var spans: [AttentionSpan] = []

    /// Places `layout` behind what sequences have already, with `capacity` rows for each.
    init(layout: BatchLayout, after lengths: [Int], capacity: Int) {
        for (sequence, (count, length)) in zip(layout.lengths, lengths).enumerated() {
            precondition(length + count <= capacity)
            spans.append(
                AttentionSpan(
                    firstQuery: positions.count,
                    queryCount: count,
                    firstKey: sequence * capacity,
                    keyCount: length + count
                )
            )
            positions += length..<length + count
            rows += (sequence * capacity + length)..<(sequence * capacity + length + count)
        }
    }
}
