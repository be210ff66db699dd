import OctavoBase
internal import CKernels

/// The codes of a layer whose weights are sums of codebook entries, and the shape they make.
///
/// A row of weights is its scale times, for each group of `size` columns, the sum of one entry of
/// each codebook.
public struct AdditiveCodes: Sendable {
    /// `[rows, groups, codebooks]`, each below `entries`.
    public let codes: [UInt16]
    /// The number of rows, of groups in a row, of codebooks, of entries in each, and their length.
    public let rows: Int, groups: Int, codebooks: Int, entries: Int, size: Int

    /// Takes codes that fit the shape.
    public init(
        _ codes: [UInt16],
        rows: Int,
        groups: Int,
        codebooks: Int,
        entries: Int,
        size: Int
    ) {
        precondition(rows >= 0 && groups > 0 && codebooks > 0 && entries > 0 && size > 0)
        precondition(codes.count == rows * groups * codebooks)
        precondition(codes.allSatisfy { $0 < entries })
        self.codes = codes
        (self.rows, self.groups, self.codebooks) = (rows, groups, codebooks)
        (self.entries, self.size) = (entries, size)
    }

    /// The same shape with other codes.
    public func recoded(_ codes: [UInt16]) -> AdditiveCodes {
        AdditiveCodes(
            codes,
            rows: rows,
            groups: groups,
            codebooks: codebooks,
            entries: entries,
            size: size
        )
    }

    private var shape: octavo_additive {
        octavo_additive(groups: groups, codebooks: codebooks, entries: entries, size: size)
    }

    /// The rows of a piece of work, `piece` of them but for the last.
    private func range(_ index: Int, _ piece: Int) -> Range<Int> {
        index * piece..<min(rows, (index + 1) * piece)
    }

    /// Returns the weights, `[rows, groups · size]`.
    ///
    /// - Parameters:
    ///   - books: `[codebooks, entries, size]`.
    ///   - scales: `[rows]`.
    ///   - threads: The threads that share the rows.
    ///   - isa: The kernels to use.
    /// - Returns: A matrix that does not depend on `threads`.
    public func weights(
        codebooks books: [Float],
        scales: [Float],
        threads: Int,
        on isa: InstructionSet = .best
    ) -> Matrix {
        precondition(books.count == codebooks * entries * size && scales.count == rows)
        var out = Matrix(rows: rows, columns: groups * size)
        let (piece, width) = (64, out.columns)
        unsafe out.elements.withUnsafeMutableBufferPointer { out in
            guard let base = out.baseAddress else { return }
            // A piece writes to rows of its own.
            nonisolated(unsafe) let start = unsafe base
            parallel((rows + piece - 1) / piece, threads: threads) { index in
                let range = range(index, piece)
                var shape = shape
                unsafe octavo_decode_rows(
                    isa.kernel,
                    &shape,
                    range.lowerBound,
                    range.count,
                    codes,
                    books,
                    scales,
                    start + range.lowerBound * width
                )
            }
        }
        return out
    }

    /// Returns the gradients of codebooks and scales, given that of the weights.
    ///
    /// - Parameters:
    ///   - gradient: `[rows, groups · size]`.
    ///   - books: `[codebooks, entries, size]`.
    ///   - scales: `[rows]`.
    ///   - threads: The threads that share the rows.
    ///   - isa: The kernels to use.
    /// - Returns: As `books` and as `scales`; they do not depend on `threads`.
    public func backward(
        _ gradient: Matrix,
        codebooks books: [Float],
        scales: [Float],
        threads: Int,
        on isa: InstructionSet = .best
    ) -> (codebooks: [Float], scales: [Float]) {
        precondition(books.count == codebooks * entries * size && scales.count == rows)
        precondition(gradient.rows == rows && gradient.columns == groups * size)
        // Pieces of a size that threads do not change, so that sums have one order; no more than 16,
        // as each holds a sum for all codebooks.
        let piece = max(64, (rows + 15) / 16)
        let parts = parallelMap((rows + piece - 1) / piece, threads: threads) { index in
            let range = range(index, piece)
            var shape = shape
            var part = (
                codebooks: [Float](repeating: 0, count: books.count),
                scales: [Float](repeating: 0, count: range.count)
            )
            unsafe octavo_decode_rows_backward(
                isa.kernel,
                &shape,
                range.lowerBound,
                range.count,
                codes,
                books,
                scales,
                gradient.elements,
                &part.codebooks,
                &part.scales
            )
            return part
        }
        let sums = Matrix(
            rows: parts.count,
            columns: books.count,
            elements: parts.flatMap(\.codebooks)
        )
        return (columnSums(sums), parts.flatMap(\.scales))
    }
}
