import OctavoBase
import OctavoCheckpoint

extension ModelWriter {
    /// The configuration of a model that is converted but not quantized.
    var convertedConfig: JSON {
        let quantization: JSON? =
            switch options.target {
            case .dense, .gguf: nil
            case .safetensors, .aqlm: model.config["quantization_config"]
            case .hfAQLM:
                model.aqlm.map { $0.parameters.quantizationConfig(unquantized: $0.denseLinears) }
            }
        return completedConfig(
            model.config,
            dtype: torchName(floatType),
            quantization: quantization
        )
    }

    /// The type that most of the output's weights have: the one asked for, else the model's own.
    ///
    /// An AQLM model's halves are codebooks; what it is to be computed in, its configuration says.
    private var floatType: DType {
        if let dtype = options.dtype { return dtype }
        if model.aqlm != nil {
            let declared = (model.config["dtype"] ?? model.config["torch_dtype"])?.string
            let known: [DType] = [.f16, .bf16, .f32]
            return options.target == .dense
                ? .f16 : known.first { torchName($0) == declared } ?? .f16
        }
        for tensor in model.checkpoint.tensors where tensor.shape.count == 2 {
            if case .dtype(let dtype) = tensor.type { return dtype }
        }
        return .f16
    }

    /// Writes config.json and everything else that belongs to the model but holds no tensors.
    func writeSideFiles(to directory: String, config: JSON) throws -> [WrittenFileRecord] {
        var files: [WrittenFileRecord] = []
        func write(_ name: String, _ text: String) throws {
            files.append(WrittenFileRecord(try writeText(text, to: directory, name: name)))
        }
        if config.object?.count ?? 0 > 0 { try write("config.json", config.text(.sorted)) }
        var names: Set<String> = ["config.json"]
        for file in model.checkpoint.sideFiles where names.insert(file.name).inserted {
            let bytes = try file.bytes()
            try AtomicFile.write(bytes, to: joined(directory, file.name))
            files.append(
                WrittenFileRecord(
                    file: FileRecord(
                        path: file.name,
                        size: bytes.count,
                        digest: Digest(of: bytes)
                    )
                )
            )
        }
        // A file may say that it has no tokenizer.
        if let metadata = model.checkpoint.ggufMetadata,
            metadata.string("tokenizer.ggml.model") ?? "no_vocab" != "no_vocab"
        {
            let vocabulary = try GGUFVocabulary(metadata)
            if names.insert("tokenizer.json").inserted {
                try write("tokenizer.json", vocabulary.tokenizerJSON().text(.pretty))
            }
            if names.insert("tokenizer_config.json").inserted {
                try write(
                    "tokenizer_config.json",
                    vocabulary.tokenizerConfiguration().text(.pretty)
                )
            }
        }
        return files
    }
}

extension WrittenFileRecord {
    /// A file without tensors.
    init(file: FileRecord) {
        path = file.path
        self.file = file
        tensors = []
    }
}

/// A type as PyTorch names it.
func torchName(_ dtype: DType) -> String {
    switch dtype {
    case .bf16: "bfloat16"
    case .f32: "float32"
    case .f64: "float64"
    default: "float16"
    }
}
