internal import CKernels

/// Additive codebooks: the weights of one group in one row are the sum of an entry of each, times
/// the scale of the row.
///
/// The functions below work on one group in all rows. Codes are `[rows, count]`, each below the
/// number of entries; scales and weights are `[rows]`.
public struct Codebooks: Sendable, Equatable {
    /// How many codebooks, 1 to 8.
    public let count: Int
    /// How many entries each has, 1 to 65536.
    public let entries: Int
    /// The entries of all codebooks, one a row: `[count · entries, size]`.
    public var vectors: Matrix

    /// The length of an entry.
    public var size: Int { vectors.columns }

    /// Codebooks of zeros.
    public init(count: Int, entries: Int, size: Int) {
        precondition(1...OCTAVO_CODEBOOKS_MAX ~= count && 1...65536 ~= entries && size > 0)
        self.count = count
        self.entries = entries
        vectors = Matrix(rows: count * entries, columns: size)
    }

    /// Writes the weights of a group to `size` columns of `out`, from `column` on.
    public func gather(
        _ codes: [UInt16],
        scales: [Float],
        into out: inout Matrix,
        column: Int = 0,
        instructions: InstructionSet = .best
    ) {
        precondition(scales.count == out.rows && column >= 0 && column + size <= out.columns)
        var shape = coded(codes, rows: out.rows)
        let stride = out.columns
        unsafe octavo_gather(
            instructions.kernel,
            &shape,
            codes,
            vectors.elements,
            scales,
            &out.elements,
            column,
            stride
        )
    }

    /// Adds `size` columns of `values`, times the scales, to the entries that each row uses.
    ///
    /// This is the adjoint of gathering.
    public mutating func scatter(
        _ codes: [UInt16],
        scales: [Float],
        _ values: Matrix,
        column: Int = 0,
        instructions: InstructionSet = .best
    ) {
        precondition(scales.count == values.rows && column >= 0 && column + size <= values.columns)
        var shape = coded(codes, rows: values.rows)
        unsafe octavo_scatter(
            instructions.kernel,
            &shape,
            codes,
            values.elements,
            column,
            values.columns,
            scales,
            &vectors.elements
        )
    }

    /// Returns how much each entry is used: the weights of the rows that use it, summed, for all
    /// entries of all codebooks.
    public func usage(_ codes: [UInt16], weights: [Float]) -> [Float] {
        var shape = coded(codes, rows: weights.count)
        var usage = [Float](repeating: 0, count: count * entries)
        unsafe octavo_count_usage(&shape, codes, weights, &usage)
        return usage
    }

    /// The shape as the kernels take it, after a check that each code has an entry.
    private func coded(_ codes: [UInt16], rows: Int) -> octavo_coded {
        precondition(codes.count == rows * count && codes.allSatisfy { $0 < entries })
        return octavo_coded(rows: rows, codebooks: count, entries: entries, size: size)
    }
}
