internal import OctavoBase

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
    /// IEEE halves: `[codebooks, 2^bits, outGroup, inGroup]`.
    public let codebooks: [UInt16]
    /// IEEE halves: `[outFeatures/outGroup]`.
    public let scales: [UInt16]

    /// Gathers the tensors of a module, whose counts must be those of the shapes.
    public init(
        parameters: AQLMParameters,
        outFeatures: Int,
        inFeatures: Int,
        codes: [UInt16],
        codebooks: [UInt16],
        scales: [UInt16]
    ) {
        self.parameters = parameters
        self.outFeatures = outFeatures
        self.inFeatures = inFeatures
        self.codes = codes
        self.codebooks = codebooks
        self.scales = scales
    }
}

/// Makes the bytes of a `codes` tensor: each code as a signed number of so many bits, extended to
/// the width of its dtype (A6).
///
/// - Parameters:
///   - codes: Codes below 2^bits.
///   - bits: 1 to 16.
/// - Returns: One byte for each code up to 8 bits, two above.
public func packedCodes(_ codes: [UInt16], bits: Int) -> [UInt8] {
    let unused = 16 - bits
    func extended(_ code: UInt16) -> UInt16 {
        UInt16(bitPattern: Int16(bitPattern: code << unused) >> unused)
    }
    if bits <= 8 { return codes.map { UInt8(truncatingIfNeeded: extended($0)) } }
    let words = codes.map { extended($0).littleEndian }
    return words.byteArray
}
