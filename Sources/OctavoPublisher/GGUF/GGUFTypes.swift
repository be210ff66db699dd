import OctavoCheckpoint

/// The type that a tensor gets in a file of a type (W4 of formats/gguf.md): as llama.cpp chooses, so far as
/// Octavo writes the types.
///
/// Norms, biases and routers keep 32 bits. The head is worth more bits than the rest. Where rows are no
/// multiple of a block, the next larger type with smaller blocks takes its place.
func storedType(of tensor: GGUFExport.Tensor, in wanted: GGMLType) -> GGMLType {
    guard !tensor.isPrecise else { return .f32 }
    let row = tensor.shape.last ?? 1
    var type = wanted
    if tensor.isHead, wanted.blockElements > 1, wanted != .q8_0 {
        type = row % 256 == 0 ? .q6_K : .q8_0
    }
    if row % type.blockElements != 0 {
        switch type {
        case .q4_K: type = .q5_0
        case .q6_K: type = .q8_0
        default: type = .f16
        }
    }
    return row % type.blockElements == 0 ? type : .f16
}

extension GGMLType {
    /// What `general.file_type` calls a file most of whose tensors are of the type.
    var fileType: UInt32? {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q4_0: 2
        case .q4_1: 3
        case .q8_0: 7
        case .q4_K: 14
        case .q6_K: 18
        case .bf16: 32
        default: nil
        }
    }
}
