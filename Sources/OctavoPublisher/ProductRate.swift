import OctavoBase
public import OctavoNumerics

/// How many operations a second this machine does in a product of large square matrices; a multiplication and
/// an addition are two.
///
/// For one thread a second is one of processor time, for more one of the clock: the best of a few tries,
/// a tenth of a second in all.
///
/// - Parameters:
///   - threads: The threads that BLAS takes from now on.
///   - precision: How exactly the product is computed.
/// - Returns: Operations a second.
public func productRate(threads: Int, _ precision: ProductPrecision = .single) -> Double {
    setBLASThreads(threads)
    let size = 1024
    let a = Matrix(rows: size, columns: size, elements: .init(repeating: 0.5, count: size * size))
    var c = a
    let best = (0..<8).map { _ in
        let start = ProcessTime()
        multiply(a, a, into: &c, precision: precision, threads: threads)
        let end = ProcessTime()
        return threads > 1 ? end.wall - start.wall : end.cpu - start.cpu
    }.min()
    return 2 * Double(size) * Double(size) * Double(size) / max(best ?? 0, 1e-9)
}
