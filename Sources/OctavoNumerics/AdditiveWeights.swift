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

    /// The rows that a thread takes at a time; fixed, so that sums have one order.
    private static let piece = 64

    private var shape: octavo_additive {
        octavo_additive(groups: groups, codebooks: codebooks, entries: entries, size: size)
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
        let (rows, shape, width, length) = (rows, shape, groups * size, groups * codebooks)
        unsafe codes.withUnsafeBufferPointer { codes in
            unsafe books.withUnsafeBufferPointer { books in
                unsafe scales.withUnsafeBufferPointer { scales in
                    unsafe out.elements.withUnsafeMutableBufferPointer { out in
                        guard let codes = codes.baseAddress, let books = books.baseAddress,
                            let scales = scales.baseAddress, let out = out.baseAddress
                        else { return }
                        // A piece writes to rows of its own.
                        nonisolated(unsafe) let (c, b, s, o) = unsafe (codes, books, scales, out)
                        parallel((rows + Self.piece - 1) / Self.piece, threads: threads) { index in
                            let first = index * Self.piece
                            var shape = shape
                            unsafe octavo_decode_rows(
                                isa.kernel,
                                &shape,
                                min(Self.piece, rows - first),
                                c + first * length,
                                b,
                                s + first,
                                o + first * width
                            )
                        }
                    }
                }
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
        // Each piece sums for itself, up to 16 of them: large codebooks take memory for each.
        let piece = max(Self.piece, (rows + 15) / 16)
        var sums = Matrix(rows: (rows + piece - 1) / piece, columns: books.count)
        let pieces = sums.rows
        var scaleGradients = [Float](repeating: 0, count: rows)
        let (rows, shape, width, length) = (rows, shape, groups * size, groups * codebooks)
        let count = books.count
        unsafe codes.withUnsafeBufferPointer { codes in
            unsafe books.withUnsafeBufferPointer { books in
                unsafe scales.withUnsafeBufferPointer { scales in
                    unsafe gradient.elements.withUnsafeBufferPointer { gradient in
                        unsafe sums.elements.withUnsafeMutableBufferPointer { sums in
                            unsafe scaleGradients.withUnsafeMutableBufferPointer { out in
                                guard let codes = codes.baseAddress, let books = books.baseAddress,
                                    let scales = scales.baseAddress,
                                    let gradient = gradient.baseAddress,
                                    let sums = sums.baseAddress, let out = out.baseAddress
                                else { return }
                                nonisolated(unsafe) let (c, b, s, g) = unsafe (
                                    codes, books, scales, gradient
                                )
                                // A piece writes to a sum and to scales of its own.
                                nonisolated(unsafe) let (d, o) = unsafe (sums, out)
                                parallel(pieces, threads: threads) { index in
                                    let first = index * piece
                                    var shape = shape
                                    unsafe octavo_decode_rows_backward(
                                        isa.kernel,
                                        &shape,
                                        min(piece, rows - first),
                                        c + first * length,
                                        b,
                                        s + first,
                                        g + first * width,
                                        d + index * count,
                                        o + first
                                    )
                                }
                            }
                        }
                    }
                }
            }
        }
        return (columnSums(sums), scaleGradients)
    }
}
