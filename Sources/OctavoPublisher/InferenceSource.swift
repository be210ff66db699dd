import OctavoBase
import OctavoCheckpoint
public import OctavoModel
import OctavoNumerics

/// The weights of a model as they are run: codes laid out for kernels, dense matrices in the 16 bits that they
/// are stored in.
struct InferenceSource: WeightSource {
    /// The model.
    let model: OpenModel

    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        try model.tensor(name)
    }

    func shape(of name: String) -> [Int]? { model.shape(of: name) }

    func additiveLayer(_ name: String) throws -> AdditiveLayer? { nil }

    func packedLayer(_ name: String) throws -> PackedLayer? {
        try model.additiveLayer(name).map(PackedLayer.init)
    }

    func halves(_ name: String) throws -> HalfMatrix? {
        let tensor = try model.checkpoint.tensor(named: name)
        let kind: HalfMatrix.Kind
        switch tensor.type {
        case .dtype(.f16): kind = .ieee
        case .dtype(.bf16): kind = .brain
        default: return nil
        }
        guard tensor.shape.count == 2, tensor.shape[1] > 0 else { return nil }
        let bytes = try tensor.withBytes { bytes in
            unsafe SharedBytes(count: bytes.byteCount) { memory in
                unsafe bytes.withUnsafeBytes { unsafe memory.copyMemory(from: $0) }
            }
        }
        return HalfMatrix(rows: tensor.shape[0], columns: tensor.shape[1], kind: kind, bytes: bytes)
    }
}

extension OpenModel {
    /// The model to be run: what is stored in few bits stays in them.
    ///
    /// - Throws: What ``languageModel()`` throws, but for numbers that are not finite in matrices of 16 bits: those
    ///   are found where logits are not finite.
    public func inferenceModel() throws -> LanguageModel {
        try LanguageModel(configuration: configuration(), from: InferenceSource(model: self))
    }
}
