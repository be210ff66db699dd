internal import COpenBLAS

/// How many threads a BLAS call may use from now on, in the whole process.
///
/// Products computed with different numbers may differ in their last bits.
public func setBLASThreads(_ count: Int) {
    openblas_set_num_threads(Int32(max(1, count)))
}

/// Computes `c = alpha · op(a) · op(b) + beta · c`, where `op(x)` is `x` or its transpose.
///
/// - Parameters:
///   - a: `[m, k]`, or `[k, m]` when transposed.
///   - transposeA: Whether `op(a)` is the transpose.
///   - b: `[k, n]`, or `[n, k]` when transposed.
///   - transposeB: Whether `op(b)` is the transpose.
///   - c: `[m, n]`.
///   - alpha: What the product is multiplied by.
///   - beta: What `c` is multiplied by before the product is added.
///   - precision: How exactly.
///   - threads: The threads that share a product in bfloat16; BLAS has its own number of them.
public func multiply(
    _ a: Matrix,
    transposed transposeA: Bool = false,
    _ b: Matrix,
    transposed transposeB: Bool = false,
    into c: inout Matrix,
    alpha: Float = 1,
    beta: Float = 0,
    precision: ProductPrecision = .single,
    threads: Int = 1
) {
    let (m, n) = (transposeA ? a.columns : a.rows, transposeB ? b.rows : b.columns)
    precondition(c.rows == m && c.columns == n)
    var out = c.elements.mutableSpan
    multiply(
        a,
        transposed: transposeA,
        b,
        transposed: transposeB,
        into: &out,
        alpha: alpha,
        beta: beta,
        precision: precision,
        threads: threads
    )
}

/// The same into the elements of `c`, which are not read where `beta` is 0.
private func multiply(
    _ a: Matrix,
    transposed transposeA: Bool,
    _ b: Matrix,
    transposed transposeB: Bool,
    into out: inout MutableSpan<Float>,
    alpha: Float,
    beta: Float,
    precision: ProductPrecision,
    threads: Int
) {
    let (m, k) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
    let n = transposeB ? b.rows : b.columns
    precondition((transposeB ? b.columns : b.rows) == k)
    multiply(
        m: m,
        n: n,
        k: k,
        ProductOperand(a.elements.span, stride: a.columns, transposed: transposeA),
        ProductOperand(b.elements.span, stride: b.columns, transposed: transposeB),
        into: &out,
        stride: n,
        alpha: alpha,
        beta: beta,
        precision: precision,
        threads: threads
    )
}

/// The same of operands anywhere in memory, whose shapes are `[m, k]` and `[k, n]` after they were transposed.
func multiply(
    m: Int,
    n: Int,
    k: Int,
    _ a: ProductOperand,
    _ b: ProductOperand,
    into out: inout MutableSpan<Float>,
    stride: Int,
    alpha: Float = 1,
    beta: Float = 0,
    precision: ProductPrecision,
    threads: Int
) {
    if precision.available == .bfloat, k > 0 {
        return multiplyBfloat(
            m: m,
            n: n,
            k: k,
            a,
            b,
            into: &out,
            stride: stride,
            alpha: alpha,
            beta: beta,
            threads: threads
        )
    }
    multiply(
        m: m,
        n: n,
        k: k,
        a.elements,
        stride: a.stride,
        transposed: a.transposed,
        b.elements,
        stride: b.stride,
        transposed: b.transposed,
        into: &out,
        stride: stride,
        alpha: alpha,
        beta: beta
    )
}

/// Returns `op(a) · op(b)`, of the same arguments.
public func product(
    _ a: Matrix,
    transposed transposeA: Bool = false,
    _ b: Matrix,
    transposed transposeB: Bool = false,
    precision: ProductPrecision = .single,
    threads: Int = 1
) -> Matrix {
    let (rows, columns) = (transposeA ? a.columns : a.rows, transposeB ? b.rows : b.columns)
    let (count, depth) = (rows * columns, transposeA ? a.rows : a.columns)
    precondition((transposeB ? b.columns : b.rows) == depth)
    guard depth > 0 else { return Matrix(rows: rows, columns: columns) }
    // Without zeros first: clearing large matrices takes longer than it looks.
    let elements = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        var out = unsafe MutableSpan(_unsafeElements: buffer.extracting(0..<count))
        multiply(
            a,
            transposed: transposeA,
            b,
            transposed: transposeB,
            into: &out,
            alpha: 1,
            beta: 0,
            precision: precision,
            threads: threads
        )
        initialized = count
    }
    return Matrix(rows: rows, columns: columns, elements: elements)
}

/// The same product on parts of larger matrices: each operand is a span that starts at its first
/// element and a stride, the distance between its rows.
public func multiply(
    m: Int,
    n: Int,
    k: Int,
    _ a: Span<Float>,
    stride strideA: Int,
    transposed transposeA: Bool = false,
    _ b: Span<Float>,
    stride strideB: Int,
    transposed transposeB: Bool = false,
    into c: inout MutableSpan<Float>,
    stride strideC: Int,
    alpha: Float = 1,
    beta: Float = 0
) {
    guard m > 0, n > 0 else { return }
    precondition(a.count >= (transposeA ? extent(k, m, strideA) : extent(m, k, strideA)))
    precondition(b.count >= (transposeB ? extent(n, k, strideB) : extent(k, n, strideB)))
    precondition(c.count >= extent(m, n, strideC))
    unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
            unsafe c.withUnsafeMutableBufferPointer { c in
                unsafe cblas_sgemm(
                    CblasRowMajor,
                    transposeA ? CblasTrans : CblasNoTrans,
                    transposeB ? CblasTrans : CblasNoTrans,
                    Int32(m),
                    Int32(n),
                    Int32(k),
                    alpha,
                    a.baseAddress,
                    Int32(strideA),
                    b.baseAddress,
                    Int32(strideB),
                    beta,
                    c.baseAddress,
                    Int32(strideC)
                )
            }
        }
    }
}

/// Writes `x · weightsᵀ` to the columns of a range, of rows `stride` apart.
///
/// - Parameters:
///   - x: `[any number, inputs]`.
///   - weights: `[range.count, inputs]`.
///   - range: The columns.
///   - out: Where the columns' matrix begins.
///   - stride: How many columns it has.
func multiplyTile(
    _ x: Matrix,
    by weights: UnsafePointer<Float>,
    _ range: Range<Int>,
    into out: UnsafeMutablePointer<Float>,
    stride: Int
) {
    guard x.rows > 0, !range.isEmpty else { return }
    unsafe cblas_sgemm(
        CblasRowMajor,
        CblasNoTrans,
        CblasTrans,
        Int32(x.rows),
        Int32(range.count),
        Int32(x.columns),
        1,
        x.elements,
        Int32(x.columns),
        weights,
        Int32(x.columns),
        0,
        out + range.lowerBound,
        Int32(stride)
    )
}
