public import OctavoCheckpoint
public import OctavoBase

/// A type that the tensors of an output can be given.
public enum WeightType: String, CaseIterable, Sendable {
    /// A float's usual widths.
    case f16, bf16, f32
    /// Blocks, in GGUF files alone.
    case q8_0, q6_k, q4_k, q4_1, q4_0

    /// As safetensors has it; nil for blocks.
    public var dtype: DType? {
        switch self {
        case .f16: .f16
        case .bf16: .bf16
        case .f32: .f32
        default: nil
        }
    }

    /// As GGUF has it.
    public var ggml: GGMLType? { GGMLType.allCases.first { $0.name.lowercased() == rawValue } }
}
