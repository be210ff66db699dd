import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics

extension OpenModel {
    /// A quantized linear as it is run, from the codes where they are mapped; nil where they have to be looked at one by
    /// one first, or there is none of this path.
    ///
    /// - Parameters:
    ///   - path: Without `.weight`.
    ///   - threads: How many turn codes that lie in rows.
    /// - Returns: The layer.
    /// - Throws: Why its tensors do not decode.
    func mappedLayer(_ path: String, threads: Int) throws -> PackedLayer? {
        guard let module = module(path), let aqlm, let scheme,
            module.outFeatures > 0, module.inFeatures > 0,
            let codes = try aqlm.wholeCodes(of: module)
        else { return nil }
        let floats = try aqlm.floats(of: module)
        guard scheme.bits == 8 else {
            guard let pairs = codes.mapped, pairs.isAligned(to: 2) else { return nil }
            return .gathered(
                GatheredWeights(
                    outputs: module.outFeatures,
                    inputs: module.inFeatures,
                    groupSize: scheme.groupSize,
                    codebooks: scheme.codebooks,
                    entries: scheme.entries,
                    codes: pairs,
                    books: floats.codebooks,
                    scales: floats.scales
                )
            )
        }
        return .lookup(
            LookupWeights(
                outputs: module.outFeatures,
                inputs: module.inFeatures,
                groupSize: scheme.groupSize,
                codebooks: scheme.codebooks,
                entries: scheme.entries,
                codes: try codes.mappedColumns ?? codes.turned(threads: threads),
                books: floats.codebooks,
                scales: floats.scales
            )
        )
    }
}

extension CheckpointTensor {
    /// The bytes of a tensor of bytes with the first dimension, which is not 0, last.
    fileprivate func turned(threads: Int) throws(CheckpointError) -> SharedBytes {
        let rows = shape[0]
        return try withBytes { bytes in
            unsafe SharedBytes(count: bytes.byteCount) { memory in
                unsafe transposeBytes(bytes, rows: rows, to: memory, threads: threads)
            }
        }
    }
}

extension SharedBytes {
    /// Whether they begin at a multiple of so many bytes.
    fileprivate func isAligned(to alignment: Int) -> Bool {
        unsafe withUnsafeBytes { Int(bitPattern: $0.baseAddress) % alignment == 0 }
    }
}
