import OctavoBase
internal import CKernels

/// The adjoint of ``rmsNorm(_:weight:epsilon:threads:on:)``.
///
/// The result does not depend on `threads`.
///
/// - Parameters:
///   - x: What was normed, `[rows, columns]`.
///   - weight: `[columns]`, or several times as many, as in the norm.
///   - epsilon: As in the norm.
///   - gradient: That of the norm's result, `[rows, columns]`.
///   - inputGradient: What the gradient of `x` is added to, `[rows, columns]`.
///   - threads: The threads that share the rows.
///   - isa: The kernels to use.
/// - Returns: The gradient of `weight`.
public func rmsNormBackward(
    _ x: Matrix,
    weight: [Float],
    epsilon: Float,
    gradient: Matrix,
    addingTo inputGradient: inout Matrix,
    threads: Int,
    on isa: InstructionSet = .best
) -> [Float] {
    let (rows, columns) = (x.rows, x.columns)
    precondition(!weight.isEmpty && weight.count % columns == 0)
    precondition(gradient.rows == rows && gradient.columns == columns)
    precondition(inputGradient.rows == rows && inputGradient.columns == columns)
    // Rows in pieces of a size that threads do not change, each with a sum of its own: the order of
    // additions is fixed.
    let piece = 64
    let sums = unsafe inputGradient.elements.withUnsafeMutableBufferPointer { out in
        // A piece writes to rows of its own.
        nonisolated(unsafe) let start = out.baseAddress
        return parallelMap((rows + piece - 1) / piece, threads: threads) { index in
            let range = index * piece..<min(rows, (index + 1) * piece)
            var sum = [Float](repeating: 0, count: weight.count)
            guard let start = unsafe start else { return sum }
            unsafe octavo_rms_norm_backward(
                isa.kernel,
                x.elements,
                weight,
                weight.count / columns,
                gradient.elements,
                start,
                &sum,
                range.lowerBound,
                range.count,
                columns,
                epsilon
            )
            return sum
        }
    }
    return columnSums(
        Matrix(rows: sums.count, columns: weight.count, elements: Array(sums.joined()))
    )
}

/// Returns the sum of each column.
public func columnSums(_ x: Matrix) -> [Float] {
    let ones = Matrix(rows: 1, columns: x.rows, elements: [Float](repeating: 1, count: x.rows))
    return product(ones, x).elements
}
