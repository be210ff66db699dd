import OctavoBase
internal import CKernels

/// Divides each row by its root mean square, then multiplies by `weight` (Zhang and Sennrich, RMSNorm).
///
/// - Parameters:
///   - x: `[rows, columns]`.
///   - weight: `[columns]`, or several times as many, which the rows then take in turn.
///   - epsilon: Added to the mean square.
///   - threads: The threads that share the rows.
///   - isa: The kernels to use.
/// - Returns: `[rows, columns]`.
public func rmsNorm(
    _ x: Matrix,
    weight: [Float],
    epsilon: Float,
    threads: Int,
    on isa: InstructionSet = .best
) -> Matrix {
    precondition(!weight.isEmpty && weight.count % x.columns == 0)
    var out = Matrix(rows: x.rows, columns: x.columns)
    let columns = x.columns
    unsafe x.elements.withUnsafeBufferPointer { x in
        unsafe weight.withUnsafeBufferPointer { weight in
            unsafe out.forEachRow(threads: threads) { row, out in
                guard let x = x.baseAddress, let start = weight.baseAddress else { return }
                unsafe octavo_rms_norm(
                    isa.kernel,
                    x + row * columns,
                    start + row * columns % weight.count,
                    out,
                    columns,
                    epsilon
                )
            }
        }
    }
    return out
}

/// Adds `x` to `y`.
public func add(_ x: Matrix, to y: inout Matrix, threads: Int, on isa: InstructionSet = .best) {
    precondition(x.rows == y.rows && x.columns == y.columns)
    let columns = x.columns
    unsafe x.elements.withUnsafeBufferPointer { x in
        unsafe y.forEachRow(threads: threads) { row, y in
            guard let x = x.baseAddress else { return }
            unsafe octavo_add(isa.kernel, y, x + row * columns, columns)
        }
    }
}

/// Adds a vector of `columns` numbers to each row.
public func add(
    _ vector: [Float],
    toRowsOf y: inout Matrix,
    threads: Int,
    on isa: InstructionSet = .best
) {
    precondition(vector.count == y.columns)
    unsafe vector.withUnsafeBufferPointer { vector in
        unsafe y.forEachRow(threads: threads) { _, y in
            guard let start = vector.baseAddress else { return }
            unsafe octavo_add(isa.kernel, y, start, vector.count)
        }
    }
}

extension Matrix {
    /// Subtracts from each row its mean; the adjoint is the same.
    public mutating func centerRows(threads: Int, on isa: InstructionSet = .best) {
        let columns = columns
        unsafe forEachRow(threads: threads) { _, row in
            unsafe octavo_center(isa.kernel, row, columns)
        }
    }

    /// Multiplies all elements.
    public mutating func scale(by factor: Float) {
        for i in elements.indices { elements[i] *= factor }
    }
}

/// Returns the exponentials, within two units in the last place between -87 and 88; what is outside
/// counts as the bound.
public func exponentials(of x: [Float], on isa: InstructionSet = .best) -> [Float] {
    let count = x.count
    return unsafe [Float](unsafeUninitializedCapacity: count) { out, filled in
        unsafe x.withUnsafeBufferPointer { x in
            guard let x = x.baseAddress, let out = out.baseAddress else { return }
            unsafe octavo_exp(isa.kernel, x, out, count)
        }
        filled = count
    }
}

extension Matrix {
    /// Runs `body` with the index and the start of each row, on several threads.
    mutating func forEachRow(
        threads: Int,
        _ body: (Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        let (rows, columns) = (rows, columns)
        // A thread takes many rows at a time: a row alone is too little work.
        let chunk = max(1, 16384 / max(1, columns))
        unsafe elements.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            // Each index touches rows of its own, and `body` does not outlive the call.
            nonisolated(unsafe) let (start, work) = unsafe (base, body)
            parallel((rows + chunk - 1) / chunk, threads: threads) { index in
                for row in index * chunk..<min(rows, (index + 1) * chunk) {
                    unsafe work(row, start + row * columns)
                }
            }
        }
    }
}
