import OctavoNumerics

/// The keys and values of one block for a batch of sequences, each with room for `capacity` tokens.
struct LayerCache: Sendable {
    /// `[sequences · capacity, keyValueWidth]`, rotated.
    private(set) var keys: Matrix
    /// As `keys`.
    private(set) var values: Matrix

    init(rows: Int, width: Int) {
        keys = Matrix(rows: rows, columns: width)
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
            keys.elements.replaceSubrange(target, with: newKeys.elements[source])
            values.elements.replaceSubrange(target, with: newValues.elements[source])
        }
    }
}

/// Where the tokens of a step go in the caches.
struct CachePlacement: Sendable {
    /// Where each token stands in its sequence.
    var places: [TokenPlace] = []
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
                    firstQuery: places.count,
                    queryCount: count,
                    firstKey: sequence * capacity,
                    keyCount: length + count
                )
            )
            places += (length..<length + count).map {
                TokenPlace(position: $0, length: length + count)
            }
            rows += (sequence * capacity + length)..<(sequence * capacity + length + count)
        }
    }
}
