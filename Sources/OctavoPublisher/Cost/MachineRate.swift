public import OctavoModel
import OctavoQuantizer

/// How fast a machine does what a quantization is made of, for each second of processor time of one thread.
public struct MachineRate: Sendable, Equatable {
    /// Operations of large products in single precision, a multiplication and an addition as two.
    public var products: Double
    /// Operations of the passes of the calibration text and of its moments, as ``CostPlan`` counts them.
    public var passes: Double
    /// Operations of the products that solving a layer takes, as ``LayerWork/products`` counts them.
    public var solving: Double
    /// Operations of searches for codes, as ``LayerWork/searches`` counts them.
    public var searching: Double
    /// Bytes of weights that are read and made into floats, compared with their digests, or written.
    public var bytes: Double

    /// Rates that were measured.
    public init(
        products: Double,
        passes: Double,
        solving: Double,
        searching: Double,
        bytes: Double
    ) {
        self.products = products
        self.passes = passes
        self.solving = solving
        self.searching = searching
        self.bytes = bytes
    }

    /// Rates that go with that of large products as they did where they were measured, on an AMD EPYC with AVX-512:
    /// what is known of a machine before its benchmark.
    ///
    /// - Parameters:
    ///   - products: Operations a second, as ``productRate(threads:)`` finds them.
    ///   - scheme: The scheme: large codebooks are searched in cells, which come from further away.
    public init(products: Double, scheme: Scheme) {
        let share = LayerWork.shareOfProducts(scheme)
        self.init(
            products: products,
            passes: products,
            solving: share * products,
            searching: share * products,
            bytes: 4e8
        )
    }
}
