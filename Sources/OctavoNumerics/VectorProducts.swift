internal import COpenBLAS
import OctavoBase

/// Returns the sum of the products of corresponding elements, in double precision.
public func dot(_ a: Matrix, _ b: Matrix) -> Double {
    precondition(a.rows == b.rows && a.columns == b.columns)
    return unsafe cblas_dsdot(Int32(a.elements.count), a.elements, 1, b.elements, 1)
}

/// Returns for each row the sum of the products of corresponding elements, in double precision.
public func rowDots(_ a: Matrix, _ b: Matrix, threads: Int = 1) -> [Double] {
    precondition(a.rows == b.rows && a.columns == b.columns)
    let chunk = rowsForAThread(columns: a.columns)
    let parts = parallelMap((a.rows + chunk - 1) / chunk, threads: threads) { index in
        let rows = index * chunk..<min(a.rows, (index + 1) * chunk)
        return unsafe a.elements.withUnsafeBufferPointer { x in
            unsafe b.elements.withUnsafeBufferPointer { y in
                guard let x = x.baseAddress, let y = y.baseAddress else { return [Double]() }
                return rows.map { row in
                    let start = row * a.columns
                    return unsafe cblas_dsdot(Int32(a.columns), x + start, 1, y + start, 1)
                }
            }
        }
    }
    return parts.flatMap(\.self)
}

/// Adds `factor · a` to `b`.
public func add(_ a: Matrix, times factor: Float, to b: inout Matrix) {
    precondition(a.rows == b.rows && a.columns == b.columns)
    unsafe cblas_saxpy(Int32(a.elements.count), factor, a.elements, 1, &b.elements, 1)
}

/// Computes `c = tᵀ · x` of some rows of both.
///
/// - Parameters:
///   - t: `[any number, m]`.
///   - x: As many rows, `[any number, n]`.
///   - rows: The rows that count.
///   - c: `[m, n]`.
///   - precision: How exactly.
///   - threads: The threads that share a product in bfloat16; BLAS has its own number of them.
public func multiply(
    _ t: Matrix,
    with x: Matrix,
    rows: Range<Int>,
    into c: inout Matrix,
    precision: ProductPrecision = .single,
    threads: Int = 1
) {
    let (m, n) = (t.columns, x.columns)
    precondition(t.rows == x.rows && 0 <= rows.lowerBound && rows.upperBound <= x.rows)
    precondition(c.rows == m && c.columns == n)
    let left = t.elements.span.extracting(rows.lowerBound * m..<rows.upperBound * m)
    let right = x.elements.span.extracting(rows.lowerBound * n..<rows.upperBound * n)
    var out = c.elements.mutableSpan
    multiply(
        m: m,
        n: n,
        k: rows.count,
        ProductOperand(left, stride: m, transposed: true),
        ProductOperand(right, stride: n, transposed: false),
        into: &out,
        stride: n,
        precision: precision,
        threads: threads
    )
}

/// Computes the lower triangle of `c = xᵀ · x` of some rows of `x`; the rest of `c` is left.
///
/// - Parameters:
///   - x: `[any number, n]`.
///   - rows: The rows that count.
///   - c: `[n, n]`.
///   - precision: How exactly.
///   - threads: The threads that share a product in bfloat16; BLAS has its own number of them.
public func squareLower(
    _ x: Matrix,
    rows: Range<Int>,
    into c: inout Matrix,
    precision: ProductPrecision = .single,
    threads: Int = 1
) {
    precondition(0 <= rows.lowerBound && rows.upperBound <= x.rows)
    precondition(c.rows == x.columns && c.columns == x.columns && x.columns > 0)
    if precision.available == .bfloat, !rows.isEmpty {
        let n = x.columns
        let some = x.elements.span.extracting(rows.lowerBound * n..<rows.upperBound * n)
        var out = c.elements.mutableSpan
        return multiplyBfloat(
            m: n,
            n: n,
            k: rows.count,
            ProductOperand(some, stride: n, transposed: true),
            ProductOperand(some, stride: n, transposed: false),
            into: &out,
            stride: n,
            lower: true,
            threads: threads
        )
    }
    let n = Int32(x.columns)
    unsafe x.elements.withUnsafeBufferPointer { x in
        guard let x = x.baseAddress else { return }
        unsafe cblas_ssyrk(
            CblasRowMajor,
            CblasLower,
            CblasTrans,
            n,
            Int32(rows.count),
            1,
            x + rows.lowerBound * Int(n),
            n,
            0,
            &c.elements,
            n
        )
    }
}

/// Returns `weights · x` for one vector.
///
/// - Parameters:
///   - weights: `[outputs, inputs]`.
///   - x: `[1, inputs]`.
/// - Returns: `[1, outputs]`.
public func vectorProduct(_ weights: Matrix, _ x: Matrix) -> Matrix {
    precondition(x.rows == 1 && x.columns == weights.columns && weights.rows > 0)
    var out = Matrix(rows: 1, columns: weights.rows)
    unsafe cblas_sgemv(
        CblasRowMajor,
        CblasNoTrans,
        Int32(weights.rows),
        Int32(weights.columns),
        1,
        weights.elements,
        Int32(weights.columns),
        x.elements,
        1,
        0,
        &out.elements,
        1
    )
    return out
}
