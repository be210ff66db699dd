import OctavoNumerics

/// The normal equations of codebook entries, without what couples one entry to another: a small
/// symmetric matrix for each entry in use.
struct EntryBlocks {
    /// The entries that anything uses, in ascending order.
    let used: [Int]
    /// The inverse of each one's matrix, one below the other: `[used · size, size]`.
    private let inverses: [Float]

    /// Sums the metrics of the groups that use an entry and inverts the sums.
    ///
    /// - Parameters:
    ///   - groups: How many groups there are.
    ///   - usage: Returns for a group the weight of its uses of each entry.
    ///   - metrics: The groups' metrics, one below the other: `[groups · size, size]`.
    ///   - ridge: What is added to the diagonal of each sum, as a share of its mean.
    init(groups: Int, usage: (Int) -> [Float], metrics: Matrix, ridge: Double) {
        let size = metrics.columns
        let square = size * size
        var places: [Int] = []
        for group in 0..<groups {
            let weights = usage(group)
            if places.isEmpty { places = [Int](repeating: -1, count: weights.count) }
            for entry in weights.indices where weights[entry] > 0 { places[entry] = 0 }
        }
        used = places.indices.filter { places[$0] == 0 }
        for (place, entry) in used.enumerated() { places[entry] = place }
        // Most groups use few of many entries: what is zero takes no time.
        var sums = Matrix(rows: used.count, columns: square)
        for group in 0..<groups {
            let weights = usage(group)
            let metric = group * size..<(group + 1) * size
            addMultiples(of: metrics, rows: metric, by: weights, to: &sums, places: places)
        }
        var inverses = sums.elements
        var block = [Double](repeating: 0, count: square)
        for start in stride(from: 0, to: inverses.count, by: square) {
            for i in 0..<square { block[i] = Double(inverses[start + i]) }
            let diagonal = stride(from: 0, to: square, by: size + 1)
            let mean = diagonal.reduce(0) { $0 + block[$1] } / Double(size)
            for i in diagonal { block[i] += ridge * mean }
            // A sum that rounding left without an inverse lets its entry stay where it is.
            let isInvertible = (try? invertPositiveDefinite(&block, size: size)) != nil
            for i in 0..<square { inverses[start + i] = isInvertible ? Float(block[i]) : 0 }
        }
        self.inverses = inverses
    }

    /// Returns the product of each entry's inverse with its row of `vectors`: zero for entries out
    /// of use.
    func solve(_ vectors: Matrix) -> Matrix {
        var result = Matrix(rows: vectors.rows, columns: vectors.columns)
        let size = vectors.columns
        var out = result.elements.mutableSpan
        let (inverses, vectors) = (inverses.span, vectors.elements.span)
        for (place, entry) in used.enumerated() {
            // The inverse is symmetric: its rows are its columns.
            for k in 0..<size {
                let factor = vectors[entry * size + k]
                let row = (place * size + k) * size
                for i in 0..<size { out[entry * size + i] += factor * inverses[row + i] }
            }
        }
        return result
    }
}
