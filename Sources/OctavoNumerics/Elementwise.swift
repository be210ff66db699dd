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
    let (rows, columns) = (x.rows, x.columns)
    return unsafe x.elements.withUnsafeBufferPointer { x in
        unsafe weight.withUnsafeBufferPointer { weight in
            unsafe Matrix(rows: rows, columns: columns, threads: threads) { row, out in
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
}

/// Returns `a - b`.
public func difference(_ a: Matrix, _ b: Matrix, threads: Int) -> Matrix {
    precondition(a.rows == b.rows && a.columns == b.columns)
    let (rows, columns) = (a.rows, a.columns)
    return unsafe a.elements.withUnsafeBufferPointer { a in
        unsafe b.elements.withUnsafeBufferPointer { b in
            unsafe Matrix(rows: rows, columns: columns, threads: threads) { row, out in
                let start = row * columns
                for i in 0..<columns { unsafe out[i] = a[start + i] - b[start + i] }
            }
        }
    }
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
