/// How exactly products of matrices are computed.
public enum ProductPrecision: String, CaseIterable, Sendable {
    /// In float, by BLAS.
    case single
    /// Of operands rounded to bfloat16, with sums in float; in float where the processor does not multiply
    /// pairs of bfloat16 (``hasBfloatProducts``).
    case bfloat = "bfloat16"

    /// The fastest that this processor has.
    public static var fastest: ProductPrecision { hasBfloatProducts ? .bfloat : .single }

    /// What is computed with on this processor.
    public var available: ProductPrecision { hasBfloatProducts ? self : .single }
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
    precision: ProductPrecision,
    threads: Int
) {
    let (m, k) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
    let n = transposeB ? b.rows : b.columns
    guard precision.available == .bfloat, k > 0 else {
        return multiply(
            a,
            transposed: transposeA,
            b,
            transposed: transposeB,
            into: &c,
            alpha: alpha,
            beta: beta
        )
    }
    precondition((transposeB ? b.columns : b.rows) == k && c.rows == m && c.columns == n)
    var out = c.elements.mutableSpan
    multiplyBfloat(
        m: m,
        n: n,
        k: k,
        ProductOperand(a.elements.span, stride: a.columns, transposed: transposeA),
        ProductOperand(b.elements.span, stride: b.columns, transposed: transposeB),
        into: &out,
        stride: n,
        alpha: alpha,
        beta: beta,
        threads: threads
    )
}

/// Returns `op(a) · op(b)`.
///
/// - Parameters:
///   - a: `[m, k]`, or `[k, m]` when transposed.
///   - transposeA: Whether `op(a)` is the transpose.
///   - b: `[k, n]`, or `[n, k]` when transposed.
///   - transposeB: Whether `op(b)` is the transpose.
///   - precision: How exactly.
///   - threads: The threads that share a product in bfloat16; BLAS has its own number of them.
/// - Returns: `[m, n]`.
public func product(
    _ a: Matrix,
    transposed transposeA: Bool = false,
    _ b: Matrix,
    transposed transposeB: Bool = false,
    precision: ProductPrecision,
    threads: Int
) -> Matrix {
    var c = Matrix(
        rows: transposeA ? a.columns : a.rows,
        columns: transposeB ? b.rows : b.columns
    )
    multiply(
        a,
        transposed: transposeA,
        b,
        transposed: transposeB,
        into: &c,
        precision: precision,
        threads: threads
    )
    return c
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
    precision: ProductPrecision,
    threads: Int
) {
    guard precision.available == .bfloat, !rows.isEmpty else {
        return squareLower(x, rows: rows, into: &c)
    }
    precondition(0 <= rows.lowerBound && rows.upperBound <= x.rows)
    precondition(c.rows == x.columns && c.columns == x.columns)
    let n = x.columns
    let some = x.elements.span.extracting(rows.lowerBound * n..<rows.upperBound * n)
    var out = c.elements.mutableSpan
    multiplyBfloat(
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
