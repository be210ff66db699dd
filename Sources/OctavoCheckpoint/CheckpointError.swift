public import OctavoBase

/// Why a model could not be read.
///
/// File names are those of the model's directory.
public enum CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The system refused.
    case file(FileError)
    /// The path names nothing that holds a model; what is there is listed.
    case notAModel(String, found: [String])
    /// A directory has weights but no `config.json`.
    case missingConfig(directory: String)
    /// A JSON file beside the weights is malformed.
    case badJSON(file: String, JSONError)
    /// A safetensors file lies.
    case safetensors(file: String, SafetensorsError)
    /// A file of PyTorch lies, or asks for what it is not given.
    case pytorch(file: String, PyTorchError)
    /// A shard index lies.
    case shardIndex(ShardIndexError)
    /// A GGUF file lies.
    case gguf(file: String, GGUFError)
    /// A sound GGUF file holds a model that cannot be expressed in the Hugging Face layout.
    case ggufModel(file: String, GGUFModelError)
    /// The AQLM layout is violated.
    case aqlm(AQLMError)
    /// There is no tensor of this name.
    case noSuchTensor(String)
    /// A tensor's type does not decode to what was asked for.
    case undecodable(tensor: String, type: String, wanted: String)
    /// What a container holds does not decode.
    case encoded(tensor: String, reason: String)
    /// A tensor, or all of them where none is named, would fill memory with what few stored bytes claim.
    case expansion(tensor: String?, bytes: Int, stored: Int)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .notAModel(let path, let found):
            "\(path) holds no model; expected model.safetensors or pytorch_model.bin, shards of them, "
                + "or a file ending in .safetensors, .gguf, .bin, .pt or .pth"
                + (found.isEmpty ? "" : ", found \(found.joined(separator: ", "))")
        case .missingConfig(let directory): "\(directory) has weights but no config.json"
        case .badJSON(let file, let error): "\(file) is malformed: \(error)"
        case .safetensors(let file, let error): "\(file) is no sound safetensors file: \(error)"
        case .pytorch(let file, let error): "\(file) cannot be read as a file of PyTorch: \(error)"
        case .shardIndex(let error): "the shards do not make a model: \(error)"
        case .gguf(let file, let error): "\(file) is no sound GGUF file: \(error)"
        case .ggufModel(let file, let error): "\(file) cannot be imported: \(error)"
        case .aqlm(let error): "\(error)"
        case .encoded(let tensor, let reason):
            "tensor \"\(tensor)\" does not decode: \(reason)"
        case .expansion(let tensor, let bytes, let stored):
            "\(tensor.map { "tensor \"\($0)\" has" } ?? "the tensors have") \(bytes) bytes that are stored in "
                + "\(stored), expected at most \(Expansion.limit(stored: stored)) to be held in memory"
        case .noSuchTensor(let name): "there is no tensor \"\(name)\""
        case .undecodable(let tensor, let type, let wanted):
            "tensor \"\(tensor)\" is stored as \(type), which does not decode to \(wanted)"
        }
    }
}
