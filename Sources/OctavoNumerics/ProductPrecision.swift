/// How exactly products of matrices are computed.
public enum ProductPrecision: String, CaseIterable, Sendable {
    /// In float, by BLAS.
    case single
    /// Of operands rounded to bfloat16, with sums in float; in float where the processor does not multiply
    /// pairs of bfloat16 (``hasBfloatProducts``).
    case bfloat = "bfloat16"

    /// The fastest that this processor has.
    public static var fastest: ProductPrecision { hasBfloatProducts ? .bfloat : .single }

    /// The threads that BLAS should have beside products in this precision, of so many in all.
    ///
    /// In bfloat16 what is left to BLAS is either small or done by several threads at once. Each call that wakes
    /// its other threads would leave them spinning for a while, on cores that the products' own threads need.
    public func blasThreads(of threads: Int) -> Int { available == .bfloat ? 1 : threads }

    /// What is computed with on this processor.
    public var available: ProductPrecision { hasBfloatProducts ? self : .single }
}
