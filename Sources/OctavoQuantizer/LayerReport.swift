/// How the quantization of a layer went.
public struct LayerReport: Sendable, Equatable {
    /// What was done to a layer.
    public enum Stage: Hashable, Sendable {
        /// Codebooks to start from, found by k-means.
        case clustering
        /// Codes chosen with error feedback and the codebooks and scales solved, counted from 1.
        case round(Int)
        /// The codes of a few groups at a time chosen anew and the same solution, counted from 1.
        case refinement(Int)
        /// A sweep of coordinate descent and the same solution, counted from 1.
        case sweep(Int)
        /// Codebooks and scales rounded to half precision and the codes chosen once more.
        case rounding
    }

    /// The error of the result relative to the layer: `tr(ΔHΔᵀ) / tr(WHWᵀ)`, with `Δ` the error of
    /// the weights as the rounded values give them; zero for a layer of zeros.
    public let relativeLoss: Double
    /// The relative loss after each stage but the first, in the order they were done.
    public let stages: [(stage: Stage, relativeLoss: Double)]

    /// How many sweeps were done.
    public var sweeps: Int { stages.count { if case .sweep = $0.stage { true } else { false } } }

    /// Compares all parts.
    public static func == (a: LayerReport, b: LayerReport) -> Bool {
        a.relativeLoss == b.relativeLoss && a.stages.elementsEqual(b.stages, by: ==)
    }
}
