/// The tensors of one quantized module, codes made plain.
///
/// The weight they stand for, in blocks of `outGroup` rows and `inGroup` columns:
/// `block[o, i] = scales[o] * sum over m of codebooks[m, codes[o, i, m]]`.
public struct AQLMTensors: Sendable, Equatable {
    /// The numbers that give the shapes below.
    public let parameters: AQLMParameters
    /// The rows of the weight.
    public let outFeatures: Int
    /// The columns of the weight.
    public let inFeatures: Int
    /// Entries of codebooks: `[outFeatures/outGroup, inFeatures/inGroup, codebooks]`.
    public let codes: [UInt16]
    /// Widened from what they are stored as, exactly: `[codebooks, 2^bits, outGroup, inGroup]`.
    public let codebooks: [Float]
    /// Widened as well: `[outFeatures/outGroup]`.
    public let scales: [Float]

    /// Gathers the tensors of a module, whose counts must be those of the shapes.
    public init(
        parameters: AQLMParameters,
        outFeatures: Int,
        inFeatures: Int,
        codes: [UInt16],
        codebooks: [Float],
        scales: [Float]
    ) {
        self.parameters = parameters
        self.outFeatures = outFeatures
        self.inFeatures = inFeatures
        self.codes = codes
        self.codebooks = codebooks
        self.scales = scales
    }
}
