public import OctavoBase

// What is run where it is mapped: nothing of it is copied, and it takes no memory of the process's own.

extension CheckpointTensor {
    /// Its bytes where they are mapped, in the order of its shape; nil where they have to be decoded, gathered or put in
    /// order first.
    public var mapped: SharedBytes? {
        guard encoded == nil, layout == nil, transform == nil else { return nil }
        return file.shared(range)
    }

    /// Its bytes where they are mapped with the first dimension last; nil where they are not.
    public var mappedColumns: SharedBytes? { encoded?.mappedColumns }
}

extension EncodedTensor {
    /// None.
    public var mappedColumns: SharedBytes? { nil }
}

extension AQLMLayout {
    /// The codes of a module where each is what its bytes say, whatever they are; nil where they have to be looked at.
    ///
    /// Such are codes of 8 bits in bytes or of 16 in two, groups of rows first.
    ///
    /// - Parameter module: One of ``modules``.
    /// - Returns: A tensor `[outFeatures/outGroup, inFeatures/inGroup, codebooks]`.
    /// - Throws: ``CheckpointError/noSuchTensor(_:)`` if it is none of ``modules``.
    public func wholeCodes(of module: Module) throws(CheckpointError) -> CheckpointTensor? {
        let (stored, transposed) = try find(module)
        let types: [TensorType] =
            switch parameters.bits {
            case 8: [.dtype(.i8), .dtype(.u8)]
            case 16: [.dtype(.i16), .dtype(.u16)]
            default: []
            }
        return !transposed && types.contains(stored.codes.type) ? stored.codes : nil
    }

    /// The entries and scales of a module, widened from what they are stored as.
    ///
    /// - Parameter module: One of ``modules``.
    /// - Returns: As in ``AQLMTensors``.
    /// - Throws: ``CheckpointError/noSuchTensor(_:)`` if it is none of ``modules``; why they do not decode.
    public func floats(
        of module: Module
    ) throws(CheckpointError) -> (codebooks: [Float], scales: [Float]) {
        let (stored, _) = try find(module)
        return (try stored.codebooks.floats(), try stored.scales.floats())
    }
}
