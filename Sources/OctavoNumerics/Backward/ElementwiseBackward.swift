internal import CKernels

/// The adjoint of ``rmsNorm(_:weight:epsilon:threads:on:)``.
///
/// The result does not depend on `threads`.
///
/// - Parameters:
///   - x: What was normed, `[rows, columns]`.
///   - weight: `[columns]`.
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
    precondition(weight.count == columns && gradient.rows == rows && gradient.columns == columns)
    precondition(inputGradient.rows == rows && inputGradient.columns == columns)
    // Rows in pieces of a size that threads do not change, each with a sum of its own: the order of
    // additions is fixed.
    let piece = 64
    let sums = unsafe inputGradient.elements.withUnsafeMutableBufferPointer { out in
        // A piece writes to rows of its own.
        nonisolated(unsafe) let start = out.baseAddress
        return parallelMap((rows + piece - 1) / piece, threads: threads) { index in
            let range = index * piece..<min(rows, (index + 1) * piece)
            var sum = [Float](repeating: 0, count: columns)
            guard let start = unsafe start else { return sum }
            unsafe octavo_rms_norm_backward(
                isa.kernel,
                x.elements,
                weight,
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
        Matrix(rows: sums.count, columns: columns, elements: Array(sums.joined()))
    )
}

/// Returns the sum of each column.
public func columnSums(_ x: Matrix) -> [Float] {
    let ones = Matrix(rows: 1, columns: x.rows, elements: [Float](repeating: 1, count: x.rows))
    return product(ones, x).elements
}

/// The adjoint of ``siluProduct(gate:up:threads:on:)``.
///
/// - Parameters:
///   - gate: As it was before the product; replaced by its gradient.
///   - up: Replaced by its gradient.
///   - gradient: That of the product.
///   - threads: The threads that share the rows.
///   - isa: The kernels to use.
public func siluProductBackward(
    gate: inout Matrix,
    up: inout Matrix,
    gradient: Matrix,
    threads: Int,
    on isa: InstructionSet = .best
) {
    precondition(gate.rows == up.rows && gate.columns == up.columns)
    precondition(gate.rows == gradient.rows && gate.columns == gradient.columns)
    let columns = gate.columns
    unsafe gradient.elements.withUnsafeBufferPointer { gradient in
        unsafe up.elements.withUnsafeMutableBufferPointer { up in
            unsafe gate.forEachRow(threads: threads) { row, gate in
                guard let gradient = gradient.baseAddress, let up = up.baseAddress else { return }
                unsafe octavo_silu_product_backward(
                    isa.kernel,
                    gate,
                    up + row * columns,
                    gradient + row * columns,
                    columns
                )
            }
        }
    }
}
