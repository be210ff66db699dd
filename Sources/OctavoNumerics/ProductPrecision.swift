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
