import OctavoBase
import OctavoCheckpoint
import OctavoModel

// The two forms of a quantized linear meet here: stored bits in OctavoCheckpoint, floats in
// OctavoModel. Neither module knows the other.

extension AdditiveLayer {
    /// Takes the tensors of a module whose groups span one output.
    init(_ tensors: AQLMTensors, scheme: Scheme) throws {
        try self.init(
            scheme: scheme,
            outputs: tensors.outFeatures,
            inputs: tensors.inFeatures,
            codes: tensors.codes,
            codebooks: tensors.codebooks,
            scales: tensors.scales
        )
    }
}

extension AQLMParameters {
    /// The numbers of a scheme.
    init(_ scheme: Scheme) throws {
        let parameters = AQLMParameters(
            codebooks: scheme.codebooks,
            bits: scheme.bits,
            inGroup: scheme.groupSize
        )
        guard let parameters else { throw QuantizationPlanError.scheme("\(scheme)") }
        self = parameters
    }
}

extension AdditiveLayer {
    /// The bytes of its three tensors in the published layout, by the ending of their names.
    ///
    /// Codebooks and scales must be halves in value; the quantizer rounds them.
    var storedBytes: [String: [UInt8]] {
        [
            ".codes": packedCodes(codes, bits: scheme.bits),
            ".codebooks": codebooks.map { Half.narrow($0).littleEndian }.byteArray,
            ".scales": scales.map { Half.narrow($0).littleEndian }.byteArray,
        ]
    }
}
