internal import OctavoBase

/// A file of tensors, opened, whatever its format is.
struct WeightFile {
    /// What it is.
    let format: WeightFileNames.Format
    /// The file, mapped.
    let file: MappedFile
    /// Its tensors, in its order.
    let tensors: [CheckpointTensor]

    /// Opens a safetensors file, or one that `torch.save` wrote, as the ending of its name has it.
    ///
    /// - Returns: Nil for other endings.
    init?(_ path: String) throws(CheckpointError) {
        guard let names = WeightFileNames.all.first(where: { $0.describe(path) }) else {
            return nil
        }
        try self.init(path, as: names)
    }

    /// Opens a file of a known format.
    init(_ path: String, as names: WeightFileNames) throws(CheckpointError) {
        let mapped = try rethrow(CheckpointError.file, try MappedFile(path))
        let name = lastComponent(path)
        switch names.format {
        case .safetensors:
            let file = try rethrow(
                { .safetensors(file: name, $0) },
                try SafetensorsFile(mapped)
            )
            tensors = file.checkpointTensors
        case .pytorch:
            let file = try rethrow({ .pytorch(file: name, $0) }, try PyTorchFile(mapped))
            tensors = file.tensors
        }
        file = mapped
        format = names.format
    }
}
