internal import CKernels

/// A search for the codes that approximate vectors best under a metric.
///
/// The error of approximating `x` by a sum of entries `v` is `(x − v) H (x − v)ᵀ`. Up to a constant
/// this is `v H vᵀ + slope · v` with `slope = −2 x H`, and the slope is how callers name a target.
///
/// In codebooks of 2048 entries and more only the entries near a target are tried: those in the cells whose
/// means fit it best.
public struct CodeSearch: Sendable {
    let beam: Int
    let polish: Int
    let instructions: InstructionSet
    /// The codebooks, with cells in the order of these.
    let codebooks: Codebooks
    let cells: CodebookCells?
    /// How many cells are looked into.
    let probes: Int
    /// `[count, size, entries]`, so that neighbouring entries lie in neighbouring lanes; with cells
    /// `[count, cells, size, entries of the cell]`.
    let transposed: [Float]
    /// The same of the cells' means: `[count, size, cells]`.
    let transposedCenters: [Float]
    /// `[count, entries]`: `c H cᵀ` of each entry, and of the mean of each cell.
    var norms: [Float]
    var centerNorms: [Float]
    /// `[count, entries, size]`: `2 c H` of each entry; empty for one codebook.
    var pulls: Matrix
    /// `2 c H dᵀ` of each entry `c` of the first of two codebooks and each `d` of the second, followed by
    /// the transpose; empty unless there are two codebooks, and small ones: `[2 · entries, entries]`.
    var products: Matrix

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
    /// - Returns: The codings, in ascending order of their values.
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
}
