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
        self.codebooks = codebooks
        self.bits = bits
        self.inGroup = inGroup
        self.outGroup = outGroup
    }

    /// Reads the numbers from a model's `config.json`, with the defaults that other readers have.
    public init(config: JSON) throws(AQLMError) {
        let quantization = try aqlmSection(of: config)
        func number(_ key: String, default value: Int, atMost limit: Int) throws(AQLMError) -> Int {
            guard let found = quantization[key] else { return value }
            guard let number = found.integer, number > 0, number <= limit else {
                throw .badField(
                    key,
                    found: found.text(.compact),
                    expected: "a whole number from 1 to \(limit)"
                )
            }
            return number
        }
        codebooks = try number("num_codebooks", default: 1, atMost: 1 << 16)
        bits = try number("nbits_per_codebook", default: 16, atMost: 16)
        inGroup = try number("in_group_size", default: 8, atMost: 1 << 16)
        outGroup = try number("out_group_size", default: 1, atMost: 1 << 16)
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

/// The part of a model's `config.json` that says it is AQLM (A1).
func aqlmSection(of config: JSON) throws(AQLMError) -> JSON {
    guard config["model_type"]?.string?.hasSuffix("_aqlm") != true, config["aqlm"] == nil else {
        throw .obsoleteLayout
    }
    guard let section = config["quantization_config"], section.object != nil else {
        throw .notAQLM(found: "none")
    }
    guard let method = section["quant_method"], method == "aqlm" else {
        throw .notAQLM(found: section["quant_method"]?.text(.compact) ?? "not named")
    }
    return section
}
