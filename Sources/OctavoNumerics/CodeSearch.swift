internal import CKernels

/// A search for the codes that approximate vectors best under a metric.
///
/// The error of approximating `x` by a sum of entries `v` is `(x − v) H (x − v)ᵀ`. Up to a constant
/// this is `v H vᵀ + slope · v` with `slope = −2 x H`, and the slope is how callers name a target.
public struct CodeSearch: Sendable {
    private let codebooks: Codebooks
    private let beam: Int
    private let polish: Int
    private let instructions: InstructionSet
    /// `[count, size, entries]`, so that neighbouring entries lie in neighbouring lanes.
    private var transposed: [Float]
    /// `[count, entries]`: `c H cᵀ` of each entry.
    private var norms: [Float]
    /// `[count, entries, size]`: `2 c H` of each entry.
    private var pulls: Matrix
    /// `2 c H dᵀ` of each entry `c` of the first of two codebooks and each `d` of the second; empty
    /// unless there are two codebooks, and small ones.
    private var products: Matrix
    private var transposedProducts: Matrix

    /// The most entries for which the products of all pairs stay near the processor.
    private static let mostPairedEntries = 512

    /// Prepares a search in these codebooks, under the zero metric.
    ///
    /// - Parameters:
    ///   - codebooks: What codes stand for.
    ///   - beam: How many partial sums go from one codebook to the next, 1 to 64.
    ///   - polish: How many rounds of choosing each code anew follow, with the other codes held.
    ///   - instructions: The instruction set to use.
    public init(
        _ codebooks: Codebooks,
        beam: Int,
        polish: Int = 1,
        instructions: InstructionSet = .best
    ) {
        self.codebooks = codebooks
        self.beam = min(max(1, beam), OCTAVO_BEAM_MAX)
        self.polish = max(0, polish)
        self.instructions = instructions
        let (entries, size) = (codebooks.entries, codebooks.size)
        norms = [Float](repeating: 0, count: codebooks.count * entries)
        pulls = Matrix(rows: codebooks.count * entries, columns: size)
        let paired = codebooks.count == 2 && entries <= Self.mostPairedEntries ? entries : 0
        products = Matrix(rows: paired, columns: paired)
        transposedProducts = products
        transposed = codebooks.vectors.elements
        for book in 0..<codebooks.count {
            let start = book * entries * size
            for entry in 0..<entries {
                for i in 0..<size {
                    transposed[start + i * entries + entry] =
                        codebooks.vectors.elements[start + entry * size + i]
                }
            }
        }
    }

    /// Sets the metric: a symmetric block of `metrics`, as long on each side as an entry.
    public mutating func setMetric(_ metrics: Matrix, _ block: Block) {
        let vectors = codebooks.vectors
        multiply(vectors, vectors.all, metrics, block, into: &pulls, pulls.all, alpha: 2)
        for entry in norms.indices {
            var norm: Float = 0
            for i in 0..<vectors.columns { norm += vectors[entry, i] * pulls[entry, i] }
            norms[entry] = norm / 2
        }
        guard products.rows > 0 else { return }
        let first = vectors.block(rows: 0..<codebooks.entries)
        let second = vectors.block(rows: codebooks.entries..<2 * codebooks.entries)
        let all = products.all
        multiply(pulls, first, vectors, second, transposed: true, into: &products, all)
        multiply(vectors, second, pulls, first, transposed: true, into: &transposedProducts, all)
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
        return values
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
        unsafe transposed.withUnsafeBufferPointer { books in
            unsafe norms.withUnsafeBufferPointer { norms in
                unsafe pulls.elements.withUnsafeBufferPointer { pulls in
                    unsafe products.elements.withUnsafeBufferPointer { products in
                        unsafe transposedProducts.elements.withUnsafeBufferPointer { turned in
                            let pairs = unsafe octavo_pairs(
                                entries: codebooks.entries,
                                size: codebooks.size,
                                beam: beam,
                                polish: polish,
                                books: books.baseAddress,
                                norms: norms.baseAddress,
                                products: products.baseAddress,
                                transposed: turned.baseAddress
                            )
                            let sequence = unsafe octavo_search(
                                codebooks: codebooks.count,
                                entries: codebooks.entries,
                                size: codebooks.size,
                                beam: beam,
                                polish: polish,
                                books: books.baseAddress,
                                norms: norms.baseAddress,
                                pulls: pulls.baseAddress
                            )
                            unsafe body(products.isEmpty ? nil : pairs, sequence)
                        }
                    }
                }
            }
        }
    }
}
