internal import CKernels

/// A search for the codes that approximate vectors best under a metric.
///
/// The error of approximating `x` by a sum of entries `v` is `(x − v) H (x − v)ᵀ`. Up to a constant
/// this is `v H vᵀ + slope · v` with `slope = −2 x H`, and the slope is how callers name a target.
///
/// In codebooks of 2048 entries and more only the entries near a target are tried: those in the cells whose
/// means fit it best.
public struct CodeSearch: Sendable {
    private let beam: Int
    private let polish: Int
    private let instructions: InstructionSet
    /// The codebooks, with cells in the order of these.
    private let codebooks: Codebooks
    private let cells: CodebookCells?
    /// How many cells are looked into.
    private let probes: Int
    /// `[count, size, entries]`, so that neighbouring entries lie in neighbouring lanes; with cells
    /// `[count, cells, size, entries of the cell]`.
    private let transposed: [Float]
    /// The same of the cells' means: `[count, size, cells]`.
    private let transposedCenters: [Float]
    /// `[count, entries]`: `c H cᵀ` of each entry, and of the mean of each cell.
    private var norms: [Float]
    private var centerNorms: [Float]
    /// `[count, entries, size]`: `2 c H` of each entry; empty for one codebook.
    private var pulls: Matrix
    /// `2 c H dᵀ` of each entry `c` of the first of two codebooks and each `d` of the second, followed by
    /// the transpose; empty unless there are two codebooks, and small ones: `[2 · entries, entries]`.
    private var products: Matrix

    /// Codebooks with more entries are searched by cells.
    private static let mostEntriesWithoutCells = 1024
    /// The most entries for which the products of all pairs stay near the processor.
    private static let mostPairedEntries = 512

    /// Prepares a search in these codebooks, under the zero metric.
    ///
    /// - Parameters:
    ///   - codebooks: What codes stand for.
    ///   - beam: How many partial sums go from one codebook to the next, 1 to 64.
    ///   - polish: How many rounds of choosing each code anew follow, with the other codes held.
    ///   - probes: How many cells of a large codebook are looked into, 1 to 64.
    ///   - instructions: The instruction set to use.
    public init(
        _ codebooks: Codebooks,
        beam: Int,
        polish: Int = 1,
        probes: Int = 8,
        instructions: InstructionSet = .best
    ) {
        self.beam = min(max(1, beam), OCTAVO_BEAM_MAX)
        self.polish = max(0, polish)
        self.probes = min(max(1, probes), OCTAVO_PROBES_MAX)
        self.instructions = instructions
        let (count, entries, size) = (codebooks.count, codebooks.entries, codebooks.size)
        let cells = entries > Self.mostEntriesWithoutCells ? CodebookCells(codebooks) : nil
        self.cells = cells
        var ordered = codebooks
        var bounds = [0, entries]
        var transposed: [Float] = []
        transposed.reserveCapacity(count * entries * size)
        for book in 0..<count {
            if let cells {
                let places = book * entries..<(book + 1) * entries
                let rows = cells.entries[places].map { book * entries + Int($0) }
                ordered.vectors.elements.replaceSubrange(
                    places.lowerBound * size..<places.upperBound * size,
                    with: codebooks.vectors.gathered(rows: rows).elements
                )
                bounds = cells.starts[book * (cells.count + 1)..<(book + 1) * (cells.count + 1)]
                    .map { Int($0) }
            }
            for (start, end) in zip(bounds, bounds.dropFirst()) {
                transposed += ordered.vectors.transposed(
                    book * entries + start..<book * entries + end
                )
            }
        }
        self.codebooks = ordered
        self.transposed = transposed
        norms = [Float](repeating: 0, count: count * entries)
        pulls = Matrix(rows: count > 1 ? count * entries : 0, columns: size)
        let isPaired = count == 2 && entries <= Self.mostPairedEntries
        products = Matrix(rows: isPaired ? 2 * entries : 0, columns: entries)
        let centers = cells?.centers ?? Matrix(rows: 0, columns: size)
        let width = cells?.count ?? 0
        centerNorms = [Float](repeating: 0, count: centers.rows)
        transposedCenters = (0..<count).flatMap { book in
            centers.transposed(book * width..<(book + 1) * width)
        }
    }

    /// Sets the metric: a symmetric block of `metrics`, as long on each side as an entry.
    public mutating func setMetric(_ metrics: Matrix, _ block: Block) {
        let vectors = codebooks.vectors
        let (count, entries) = (codebooks.count, codebooks.entries)
        let kernel = instructions.kernel
        precondition(block.rows.count == codebooks.size)
        if count > 1 {
            multiply(vectors, vectors.all, metrics, block, into: &pulls, pulls.all, alpha: 2)
        }
        var from = 0
        for book in 0..<count {
            for range in ranges(of: book) {
                Self.entryNorms(
                    kernel,
                    transposed,
                    from..<from + range.count,
                    metrics,
                    block,
                    into: &norms
                )
                from += range.count
            }
            if let cells {
                let all = book * cells.count..<(book + 1) * cells.count
                Self.entryNorms(kernel, transposedCenters, all, metrics, block, into: &centerNorms)
                for (cell, range) in zip(all, ranges(of: book)) where range.isEmpty {
                    // A cell without entries is never near.
                    centerNorms[cell] = .infinity
                }
            }
        }
        guard products.rows > 0 else { return }
        let first = vectors.block(rows: 0..<entries)
        let second = vectors.block(rows: entries..<2 * entries)
        for (a, rows, b, columns, out) in [
            (pulls, first, vectors, second, first), (vectors, second, pulls, first, second),
        ] {
            let part = products.block(rows: out.rows)
            multiply(a, rows, b, columns, transposed: true, into: &products, part)
        }
    }

    /// The places of a codebook that are stored together, those of each cell.
    private func ranges(of book: Int) -> [Range<Int>] {
        guard let cells else { return [0..<codebooks.entries] }
        let starts = cells.starts[book * (cells.count + 1)..<(book + 1) * (cells.count + 1)]
        return zip(starts, starts.dropFirst()).map { Int($0)..<Int($1) }
    }

    /// Writes `c H cᵀ` of entries that are stored together, at their places.
    ///
    /// Not a method: while that had all of the search in hand, `norms` would be copied to be changed.
    private static func entryNorms(
        _ kernel: octavo_isa,
        _ books: [Float],
        _ places: Range<Int>,
        _ metrics: Matrix,
        _ block: Block,
        into norms: inout [Float]
    ) {
        let size = block.rows.count
        precondition(block.columns.count == size && metrics.all.contains(block))
        precondition(places.upperBound <= norms.count && places.upperBound * size <= books.count)
        let corner = block.rows.lowerBound * metrics.columns + block.columns.lowerBound
        let stride = metrics.columns
        unsafe books.withUnsafeBufferPointer { books in
            unsafe metrics.elements.withUnsafeBufferPointer { metrics in
                unsafe norms.withUnsafeMutableBufferPointer { norms in
                    guard let books = books.baseAddress, let metrics = metrics.baseAddress,
                        let norms = norms.baseAddress
                    else { return }
                    unsafe octavo_entry_norms(
                        kernel,
                        places.count,
                        size,
                        books + places.lowerBound * size,
                        metrics + corner,
                        stride,
                        norms + places.lowerBound
                    )
                }
            }
        }
    }

    /// Finds codes for each slope.
    ///
    /// - Parameters:
    ///   - slopes: `[rows, size]`.
    ///   - keeping: Whether the codes given win unless better ones are found.
    ///   - codes: `[rows, count]`, each below the number of entries.
    /// - Returns: For each row `v H vᵀ + slope · v` of what was chosen.
    @discardableResult
    public func findCodes(
        _ slopes: Matrix,
        keeping: Bool,
        into codes: inout [UInt16]
    ) -> [Float] {
        precondition(slopes.columns == codebooks.size)
        precondition(codes.count == slopes.rows * codebooks.count)
        precondition(codes.allSatisfy { $0 < codebooks.entries })
        var values = [Float](repeating: 0, count: slopes.rows)
        var scratch = scratch
        let kernel = instructions.kernel
        if let cells { renumber(&codes, cells.places) }
        unsafe withKernels { pairs, sequence in
            if var pairs = unsafe pairs {
                unsafe octavo_find_pairs(
                    kernel,
                    &pairs,
                    slopes.rows,
                    slopes.elements,
                    keeping,
                    &codes,
                    &values,
                    &scratch
                )
            } else {
                var sequence = unsafe sequence
                unsafe octavo_search_codes(
                    kernel,
                    &sequence,
                    slopes.rows,
                    slopes.elements,
                    keeping,
                    &codes,
                    codebooks.count,
                    &values,
                    &scratch
                )
            }
        }
        if let cells { renumber(&codes, cells.entries) }
        return values
    }

    /// Replaces each code by what a table of its codebook has for it.
    private func renumber(_ codes: inout [UInt16], _ table: [UInt16]) {
        let (count, entries) = (codebooks.count, codebooks.entries)
        for i in codes.indices { codes[i] = table[i % count * entries + Int(codes[i])] }
    }

    /// Lists for each slope the best codes that the search meets.
    ///
    /// - Parameters:
    ///   - slopes: `[rows, size]`.
    ///   - limit: How many codings to list, 1 to 64.
    public func listCodes(_ slopes: Matrix, limit: Int) -> CodeList {
        precondition(slopes.columns == codebooks.size && 1...OCTAVO_BEAM_MAX ~= limit)
        let (total, count) = (slopes.rows * limit, codebooks.count)
        var codes = [UInt16](repeating: 0, count: total * count)
        var values = [Float](repeating: 0, count: total)
        var scratch = scratch
        let kernel = instructions.kernel
        unsafe withKernels { pairs, sequence in
            if var pairs = unsafe pairs {
                unsafe octavo_list_pairs(
                    kernel,
                    &pairs,
                    slopes.rows,
                    slopes.elements,
                    limit,
                    &codes,
                    &values,
                    &scratch
                )
            } else {
                var sequence = unsafe sequence
                unsafe octavo_list_codes(
                    kernel,
                    &sequence,
                    slopes.rows,
                    slopes.elements,
                    limit,
                    &codes,
                    &values,
                    &scratch
                )
            }
        }
        if let cells { renumber(&codes, cells.entries) }
        return CodeList(limit: limit, count: count, codes: codes, values: values)
    }

    /// Space for a search, of any content.
    private var scratch: [Float] {
        [Float](
            repeating: 0,
            count: max(
                octavo_search_scratch(codebooks.entries, beam, codebooks.size),
                octavo_pair_scratch(codebooks.entries)
            )
        )
    }

    /// Calls `body` with what the kernels need: for pairs of codes if there are tables of their
    /// products, and for codes one after the other.
    private func withKernels(_ body: (octavo_pairs?, octavo_search) -> Void) {
        let size = codebooks.size
        unsafe transposed.withUnsafeBufferPointer { books in
            unsafe codebooks.vectors.elements.withUnsafeBufferPointer { vectors in
                unsafe norms.withUnsafeBufferPointer { norms in
                    unsafe pulls.elements.withUnsafeBufferPointer { pulls in
                        unsafe products.elements.withUnsafeBufferPointer { products in
                            unsafe withCells { starts, centers, centerNorms in
                                let sequence = unsafe octavo_search(
                                    codebooks: codebooks.count,
                                    entries: codebooks.entries,
                                    size: size,
                                    beam: beam,
                                    polish: polish,
                                    books: books.baseAddress,
                                    vectors: vectors.baseAddress,
                                    norms: norms.baseAddress,
                                    pulls: pulls.baseAddress,
                                    cells: cells?.count ?? 0,
                                    probes: probes,
                                    starts: starts,
                                    centers: centers,
                                    center_norms: centerNorms
                                )
                                guard let first = products.baseAddress, !products.isEmpty else {
                                    return unsafe body(nil, sequence)
                                }
                                let pairs = unsafe octavo_pairs(
                                    entries: codebooks.entries,
                                    size: size,
                                    beam: beam,
                                    polish: polish,
                                    books: books.baseAddress,
                                    norms: norms.baseAddress,
                                    products: first,
                                    transposed: first + codebooks.entries * codebooks.entries
                                )
                                unsafe body(pairs, sequence)
                            }
                        }
                    }
                }
            }
        }
    }

    private func withCells(
        _ body: (UnsafePointer<UInt32>?, UnsafePointer<Float>?, UnsafePointer<Float>?) -> Void
    ) {
        unsafe (cells?.starts ?? []).withUnsafeBufferPointer { starts in
            unsafe transposedCenters.withUnsafeBufferPointer { centers in
                unsafe centerNorms.withUnsafeBufferPointer { norms in
                    unsafe body(starts.baseAddress, centers.baseAddress, norms.baseAddress)
                }
            }
        }
    }
}
