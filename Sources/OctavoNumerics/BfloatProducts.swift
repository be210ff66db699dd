internal import CKernels
import OctavoBase

/// Whether this processor multiplies pairs of bfloat16 (AVX512_BF16).
public let hasBfloatProducts = octavo_has_bfloat_products()

/// A matrix in memory, or its transpose: a span that starts at its first element, and the distance between
/// its rows.
struct ProductOperand: ~Escapable {
    let elements: Span<Float>
    let stride: Int
    let transposed: Bool

    @_lifetime(copy elements)
    init(_ elements: Span<Float>, stride: Int, transposed: Bool) {
        self.elements = elements
        self.stride = stride
        self.transposed = transposed
    }

    /// Whether there are elements enough for a matrix, which is of this shape after it was transposed.
    func holds(_ rows: Int, _ columns: Int) -> Bool {
        elements.count
            >= (transposed ? extent(columns, rows, stride) : extent(rows, columns, stride))
    }
}

/// The elements from the first of a matrix to its last.
func extent(_ rows: Int, _ columns: Int, _ stride: Int) -> Int {
    precondition(stride >= columns)
    return rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns
}

/// Computes `c = alpha · op(a) · op(b) + beta · c` of operands rounded to bfloat16, with sums in float.
///
/// An element is summed in an order that depends on `k` alone: the result does not depend on `threads`, nor on
/// what else is in the matrices. What is no number, or infinite, stays so; denormal numbers count as zero.
///
/// - Parameters:
///   - m: The rows of `op(a)` and `c`.
///   - n: The columns of `op(b)` and `c`.
///   - k: The columns of `op(a)` and rows of `op(b)`, at least 1.
///   - a: What is on the left.
///   - b: What is on the right.
///   - c: `[m, n]`; not read where `beta` is 0.
///   - stride: The distance between rows of `c`.
///   - alpha: What the product is multiplied by.
///   - beta: What `c` is multiplied by before the product is added.
///   - lower: Whether only elements whose column is at most their row are computed, and others left.
///   - threads: The threads that share the work.
///   - instructions: `.scalar` for the reference, which is slow; anything else for the vector kernel, if the
///     processor runs it.
func multiplyBfloat(
    m: Int,
    n: Int,
    k: Int,
    _ a: ProductOperand,
    _ b: ProductOperand,
    into c: inout MutableSpan<Float>,
    stride: Int,
    alpha: Float = 1,
    beta: Float = 0,
    lower: Bool = false,
    threads: Int,
    on instructions: InstructionSet = .best
) {
    guard m > 0, n > 0 else { return }
    precondition(k > 0 && a.holds(m, k) && b.holds(k, n) && c.count >= extent(m, n, stride))
    let isVector = instructions != .scalar && hasBfloatProducts
    let (strideA, transposedA) = (a.stride, a.transposed)
    let (strideB, transposedB) = (b.stride, b.transposed)
    let parts = lower ? triangleParts(n, rows: m, threads) : rectangleParts(m, n, threads)
    unsafe a.elements.withUnsafeBufferPointer { a in
        unsafe b.elements.withUnsafeBufferPointer { b in
            unsafe c.withUnsafeMutableBufferPointer { c in
                guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else {
                    return
                }
                // Each part writes elements of its own and reads the rest.
                nonisolated(unsafe) let (left, right, out) = unsafe (a, b, c)
                parallel(parts.count, threads: threads) { index in
                    let (row, column) = (
                        parts[index].rows.lowerBound, parts[index].columns.lowerBound
                    )
                    var product = unsafe octavo_bfloat_product(
                        rows: parts[index].rows.count,
                        columns: parts[index].columns.count,
                        depth: k,
                        a: left + (transposedA ? row : row * strideA),
                        stride_a: strideA,
                        transposed_a: transposedA,
                        b: right + (transposedB ? column * strideB : column),
                        stride_b: strideB,
                        transposed_b: transposedB,
                        c: out + (row * stride + column),
                        stride_c: stride,
                        alpha: alpha,
                        beta: beta,
                        lower: lower,
                        diagonal: row
                    )
                    if isVector {
                        unsafe BfloatScratch.shared.use {
                            unsafe octavo_bfloat_multiply(&product, $0)
                        }
                    } else {
                        unsafe octavo_bfloat_multiply_scalar(&product)
                    }
                }
            }
        }
    }
}

/// Cuts a product for some threads across its longer side: the whole shorter side is rounded and laid out for
/// each part anew.
private func rectangleParts(_ rows: Int, _ columns: Int, _ threads: Int) -> [Block] {
    let all = Block(rows: 0..<rows, columns: 0..<columns)
    guard rows < columns else {
        return cuts(rows, threads, step: 14) { Double($0) }
            .map { Block(rows: $0, columns: all.columns) }
    }
    return cuts(columns, threads, step: 32) { Double($0) }
        .map { Block(rows: all.rows, columns: $0) }
}

/// Cuts the lower triangle, row by row, into parts of about as many elements.
private func triangleParts(_ columns: Int, rows: Int, _ threads: Int) -> [Block] {
    cuts(rows, threads, step: 14) { (Double($0) * Double(rows)).squareRoot() }
        .map { Block(rows: $0, columns: 0..<min($0.upperBound, columns)) }
}

/// Cuts `0..<count` into ranges, at most one for each thread; all but the last end at multiples of `step`.
///
/// - Parameters:
///   - count: What is cut.
///   - threads: For how many threads.
///   - step: What ends are multiples of.
///   - place: Where a share of `count` of the work ends.
/// - Returns: The ranges in order; none is empty.
private func cuts(
    _ count: Int,
    _ threads: Int,
    step: Int,
    _ place: (Int) -> Double
) -> [Range<Int>] {
    let parts = max(1, min(threads, count / step))
    var ranges: [Range<Int>] = []
    var start = 0
    for part in 1...parts {
        let end = part == parts ? count : Int(place(count * part / parts)) / step * step
        if end > start { ranges.append(start..<end) }
        start = max(start, end)
    }
    return ranges
}
