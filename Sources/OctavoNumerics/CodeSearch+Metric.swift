internal import CKernels

extension CodeSearch {
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
}
