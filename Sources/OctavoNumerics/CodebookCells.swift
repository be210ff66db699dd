/// Large codebooks with their entries sorted into cells, so that a search may look into the nearest few
/// alone.
///
/// Cells are found by k-means on the entries. Entries have a new number, their place among all in the
/// order of cells.
struct CodebookCells: Sendable {
    /// How many cells a codebook has.
    let count: Int
    /// For each codebook where each cell starts, and the number of entries: `[codebooks, count + 1]`.
    let starts: [UInt32]
    /// The means of the cells, one a row; zero for those without entries: `[codebooks · count, size]`.
    let centers: Matrix
    /// For each place the entry that is there: `[codebooks, entries]`.
    let entries: [UInt16]
    /// For each entry its place.
    let places: [UInt16]

    private static let passes = 4

    /// Sorts the entries of codebooks into about as many cells as a cell has entries.
    init(_ codebooks: Codebooks) {
        var count = 1
        while count * count < codebooks.entries { count *= 2 }
        var starts: [UInt32] = []
        var entries: [UInt16] = []
        var places = [UInt16](repeating: 0, count: codebooks.count * codebooks.entries)
        var centers: [Float] = []
        for book in 0..<codebooks.count {
            let first = book * codebooks.entries
            let vectors = codebooks.vectors.gathered(rows: Array(first..<first + codebooks.entries))
            let (cells, means) = Self.cluster(vectors, count)
            var members = [[UInt16]](repeating: [], count: count)
            for (entry, cell) in cells.enumerated() { members[Int(cell)].append(UInt16(entry)) }
            var place = 0
            for cell in members {
                starts.append(UInt32(place))
                for entry in cell {
                    places[first + Int(entry)] = UInt16(place)
                    place += 1
                }
                entries += cell
            }
            starts.append(UInt32(place))
            centers += means.elements
        }
        self.count = count
        self.starts = starts
        self.entries = entries
        self.places = places
        self.centers = Matrix(
            rows: codebooks.count * count,
            columns: codebooks.size,
            elements: centers
        )
    }

    /// The cell of each vector, and the means.
    private static func cluster(_ vectors: Matrix, _ count: Int) -> ([UInt16], Matrix) {
        let size = vectors.columns
        var means = Codebooks(count: 1, entries: count, size: size)
        let step = vectors.rows / count
        means.vectors = vectors.gathered(rows: (0..<count).map { $0 * step })
        var identity = Matrix(rows: size, columns: size)
        for i in 0..<size { identity[i, i] = 1 }
        var slopes = Matrix(rows: vectors.rows, columns: size)
        add(vectors, times: -2, to: &slopes)
        var cells = [UInt16](repeating: 0, count: vectors.rows)
        let ones = [Float](repeating: 1, count: vectors.rows)
        for _ in 0..<passes {
            var search = CodeSearch(means, beam: 1)
            search.setMetric(identity, identity.all)
            search.findCodes(slopes, keeping: false, into: &cells)
            let sizes = means.usage(cells, weights: ones)
            var sums = Codebooks(count: 1, entries: count, size: size)
            sums.scatter(cells, scales: ones, vectors)
            sums.vectors.scaleRows(by: sizes.map { $0 > 0 ? 1 / $0 : 0 })
            means = sums
        }
        return (cells, means.vectors)
    }
}
