internal import OctavoBase

/// A global that a pickle may name: a sign that is compared, never code that is run.
///
/// These are all that a dictionary of tensors needs.
enum TorchSymbol: Hashable {
    /// A dictionary that keeps its order.
    case orderedDict
    /// Makes a tensor of a storage that knows its type.
    case rebuildTensor
    /// Makes a tensor of a storage of bytes, and a type.
    case rebuildTypedTensor
    /// Makes a parameter of a tensor, which is the same to a reader of files.
    case rebuildParameter
    /// A storage of elements of a type.
    case storage(DType)
    /// A storage of bytes.
    case byteStorage
    /// A type for which there is no storage.
    case dtype(DType)

    /// The symbol of a global, or nil if no tensor needs it.
    init?(module: String, name: String) {
        guard let symbol = Self.allowed[module]?[name] else { return nil }
        self = symbol
    }

    private static let allowed: [String: [String: TorchSymbol]] = [
        "collections": ["OrderedDict": .orderedDict],
        "torch._utils": [
            "_rebuild_tensor_v2": .rebuildTensor,
            "_rebuild_tensor_v3": .rebuildTypedTensor,
            "_rebuild_parameter": .rebuildParameter,
        ],
        "torch.storage": ["UntypedStorage": .byteStorage],
        "torch": [
            "BoolStorage": .storage(.bool),
            "ByteStorage": .storage(.u8),
            "CharStorage": .storage(.i8),
            "ShortStorage": .storage(.i16),
            "IntStorage": .storage(.i32),
            "LongStorage": .storage(.i64),
            "HalfStorage": .storage(.f16),
            "BFloat16Storage": .storage(.bf16),
            "FloatStorage": .storage(.f32),
            "DoubleStorage": .storage(.f64),
            "ComplexFloatStorage": .storage(.c64),
            "uint16": .dtype(.u16),
            "uint32": .dtype(.u32),
            "uint64": .dtype(.u64),
            "float8_e4m3fn": .dtype(.f8e4m3),
            "float8_e5m2": .dtype(.f8e5m2),
            "float8_e4m3fnuz": .dtype(.f8e4m3fnuz),
            "float8_e5m2fnuz": .dtype(.f8e5m2fnuz),
            "float8_e8m0fnu": .dtype(.f8e8m0),
        ],
    ]
}
