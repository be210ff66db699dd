public import OctavoBase

/// The numbers that all AQLM-quantized modules of a model share (A2 of formats/hf-aqlm.md).
public struct AQLMParameters: Sendable, Hashable {
    /// How many codebooks each module has, and how many codes each group of weights.
    public let codebooks: Int
    /// The bits of a code, 1 to 16; a codebook has 2^bits entries.
    public let bits: Int
    /// How many columns of a weight a group spans.
    public let inGroup: Int
    /// How many rows of a weight a group spans.
    public let outGroup: Int

    /// Takes the numbers of a scheme.
    ///
    /// - Returns: Nil if one is not positive, or there are more than 16 bits.
    public init?(codebooks: Int, bits: Int, inGroup: Int, outGroup: Int = 1) {
        guard codebooks > 0, bits > 0, bits <= 16, inGroup > 0, outGroup > 0 else { return nil }
        self.init(checkedCodebooks: codebooks, bits: bits, inGroup: inGroup, outGroup: outGroup)
    }

    /// Takes numbers that are known to be in range.
    init(checkedCodebooks codebooks: Int, bits: Int, inGroup: Int, outGroup: Int) {
        self.codebooks = codebooks
        self.bits = bits
        self.inGroup = inGroup
        self.outGroup = outGroup
    }

    /// The dtype that codes have: the narrowest signed one that holds their bits (A4).
    public var codeDType: DType { bits <= 8 ? .i8 : .i16 }

    /// The tensors of a quantized module, with the shapes that the layout demands (A5).
    ///
    /// - Parameters:
    ///   - path: The module's path, such as `model.layers.0.mlp.up_proj`.
    ///   - outFeatures: The rows of its weight.
    ///   - inFeatures: The columns of its weight.
    /// - Returns: Codes, codebooks and scales; nil if the groups do not divide the weight.
    public func plans(_ path: String, outFeatures: Int, inFeatures: Int) -> [TensorPlan]? {
        guard outFeatures > 0, inFeatures > 0, outFeatures % outGroup == 0,
            inFeatures % inGroup == 0
        else { return nil }
        let outGroups = outFeatures / outGroup
        let plans = [
            TensorPlan(
                name: path + ".codes",
                dtype: codeDType,
                shape: [outGroups, inFeatures / inGroup, codebooks]
            ),
            TensorPlan(
                name: path + ".codebooks",
                dtype: .f16,
                shape: [codebooks, 1 << bits, outGroup, inGroup]
            ),
            TensorPlan(name: path + ".scales", dtype: .f16, shape: [outGroups, 1, 1, 1]),
        ]
        return plans.contains(nil) ? nil : plans.compactMap(\.self)
    }
}
