import OctavoBase
import OctavoCheckpoint
public import OctavoModel
import OctavoNumerics

/// The weights of a model as they are run: codes laid out for kernels, dense matrices in the 16 bits that they
/// are stored in; where they are mapped, if they lie there so.
struct InferenceSource: WeightSource {
    /// The model.
    let model: OpenModel
    /// How many lay out codes.
    let threads: Int

    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        try model.tensor(name)
    }

    func shape(of name: String) -> [Int]? { model.shape(of: name) }

    func additiveLayer(_ name: String) throws -> AdditiveLayer? { nil }

    func packedLayer(_ name: String) throws -> PackedLayer? {
        if let layer = try model.mappedLayer(name, threads: threads) { return layer }
        return try model.additiveLayer(name).map(PackedLayer.init)
    }

    func halves(_ name: String) throws -> HalfMatrix? {
        let tensor = try model.checkpoint.tensor(named: name)
        let kind: HalfMatrix.Kind
        switch tensor.type {
        case .dtype(.f16), .ggml(.f16): kind = .ieee
        case .dtype(.bf16), .ggml(.bf16): kind = .brain
        default: return nil
        }
        guard tensor.shape.count == 2, tensor.shape[1] > 0 else { return nil }
        guard let bytes = try tensor.mapped ?? copied(tensor) else { return nil }
        return HalfMatrix(rows: tensor.shape[0], columns: tensor.shape[1], kind: kind, bytes: bytes)
    }

    /// The bytes of a tensor that has to be decoded or put in order; nil of GGUF, whose values have to be undone.
    private func copied(_ tensor: CheckpointTensor) throws -> SharedBytes? {
        guard case .dtype = tensor.type else { return nil }
        return try tensor.withBytes { bytes in
            unsafe SharedBytes(count: bytes.byteCount) { memory in
                unsafe bytes.withUnsafeBytes { unsafe memory.copyMemory(from: $0) }
            }
        }
    }
}

extension OpenModel {
    /// The model to be run: what is stored in few bits stays in them, and where it is mapped, if it can be run there.
    ///
    /// - Parameter threads: How many lay out codes that are not stored as they are run.
    /// - Returns: It; it holds the files that it is mapped from.
    /// - Throws: What ``languageModel()`` throws, but for numbers that are not finite in matrices of 16 bits: those
    ///   are found where logits are not finite.
    public func inferenceModel(threads: Int = 1) throws -> LanguageModel {
        try checkpoint.requireWholeInMemory()
        return try LanguageModel(
            configuration: configuration(),
            from: InferenceSource(model: self, threads: threads)
        )
    }
}
