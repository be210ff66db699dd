import OctavoNumerics

/// The normal equations of codebook entries, without what couples one entry to another: a small
/// symmetric matrix for each entry in use.
struct EntryBlocks {
    /// The entries that anything uses, in ascending order.
    let used: [Int]
    /// The inverse of each one's matrix: `[used, size · size]`.
    private var inverses: Matrix

    /// Sums the metrics of the groups that use an entry and inverts the sums.
    ///
    /// - Parameters:
    ///   - usage: For each group the weight of its uses of each entry.
    ///   - metrics: The groups' metrics, one below the other: `[groups · size, size]`.
    ///   - ridge: What is added to the diagonal of each sum, as a share of its mean.
    init(usage: [[Float]], metrics: Matrix, ridge: Double) {
        let size = metrics.columns
        var isUsed = [Bool](repeating: false, count: usage[0].count)
        for weights in usage {
            for entry in weights.indices where weights[entry] > 0 { isUsed[entry] = true }
        }
        let used = isUsed.indices.filter { isUsed[$0] }
        let counts = Matrix(
            rows: usage.count,
            columns: used.count,
            elements: usage.flatMap { weights in used.map { weights[$0] } }
        )
        let flat = Matrix(rows: usage.count, columns: size * size, elements: metrics.elements)
        inverses = product(counts, transposed: true, flat)
        self.used = used
        for index in used.indices {
            let row = index * size * size..<(index + 1) * size * size
            var block = row.map { Double(inverses.elements[$0]) }
            let diagonal = stride(from: 0, to: block.count, by: size + 1)
            let mean = diagonal.reduce(0) { $0 + block[$1] } / Double(size)
            for i in diagonal { block[i] += ridge * mean }
            // A sum that rounding left without an inverse lets its entry stay where it is.
            let isInvertible = (try? invertPositiveDefinite(&block, size: size)) != nil
            for (i, value) in zip(row, block) {
                inverses.elements[i] = isInvertible ? Float(value) : 0
            }
        }
    }

    /// Returns the product of each entry's inverse with its row of `vectors`: zero for entries out
    /// of use.
    func solve(_ vectors: Matrix) -> Matrix {
        var result = Matrix(rows: vectors.rows, columns: vectors.columns)
        let size = vectors.columns
        for (index, entry) in used.enumerated() {
            for i in 0..<size {
                var sum: Float = 0
                for k in 0..<size { sum += inverses[index, i * size + k] * vectors[entry, k] }
                result[entry, i] = sum
            }
        }
        return result
    }
}
