import OctavoBase
import OctavoCheckpoint
import OctavoModel

/// The original's weights as they were when the work was planned: each tensor is compared with its digest when it is
/// read.
struct CheckedSource: WeightSource {
    let model: OpenModel
    let plan: ClusterPlan

    /// Opens the original, and compares the names and lengths of its files.
    ///
    /// - Throws: ``ClusterError/sourceChanged(file:found:expected:)``, or what opening it throws.
    init(_ plan: ClusterPlan) throws {
        self.plan = plan
        guard fileKind(plan.model) != nil else {
            throw ClusterError.sourceChanged(
                file: plan.model,
                found: "it is not there on \(hostName())",
                expected: "the model that the work was planned for"
            )
        }
        model = try OpenModel(plan.model)
        let found = model.checkpoint.sources
        for source in plan.sources {
            guard let file = found.first(where: { $0.name == source.path }) else {
                throw ClusterError.sourceChanged(
                    file: joined(plan.model, source.path),
                    found: "it is not there",
                    expected: "\(source.size) bytes"
                )
            }
            guard file.size == source.size else {
                throw ClusterError.sourceChanged(
                    file: file.path,
                    found: "\(file.size) bytes",
                    expected: "\(source.size)"
                )
            }
            // What decides shapes and text, and is small enough to be read by every task.
            if source.path.hasSuffix(".json"), source.size <= 1 << 20 {
                try check(file.path, source)
            }
        }
    }

    /// Compares the files that the result takes over as they are with their digests.
    func checkSideFiles() throws {
        let names = Set(model.checkpoint.sideFiles.map(\.name))
        for file in model.checkpoint.sources where names.contains(file.name) {
            guard let source = plan.sources.first(where: { $0.path == file.name }) else { continue }
            try check(file.path, source)
        }
    }

    /// Compares the tensors that the result takes over, all but those of quantized linears.
    func checkTensors(besides quantized: Set<String>) throws {
        for tensor in model.checkpoint.tensors where !quantized.contains(tensor.name) {
            try check(tensor.name)
        }
    }

    private func check(_ path: String, _ source: FileRecord) throws {
        let digest = try MappedFile(path).digest()
        guard digest == source.digest else {
            throw ClusterError.sourceChanged(
                file: path,
                found: "sha256 \(digest)",
                expected: "\(source.digest)"
            )
        }
    }

    private func check(_ name: String) throws {
        let tensor = try model.checkpoint.tensor(named: name)
        let digest = try tensorDigest(tensor)
        guard plan.tensors[name] == digest else {
            throw ClusterError.sourceChanged(
                file: "tensor \(name) of \(plan.model)",
                found: "sha256 \(digest)",
                expected: plan.tensors[name]?.hex ?? "no such tensor"
            )
        }
    }

    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        try check(name)
        return try model.tensor(name)
    }

    func shape(of name: String) -> [Int]? { model.shape(of: name) }

    func additiveLayer(_ name: String) throws -> AdditiveLayer? { nil }
}

/// The SHA-256 of a tensor's stored bytes.
func tensorDigest(_ tensor: CheckpointTensor) throws -> Digest {
    let hasher = ContentHasher(.sha256)
    try tensor.forEachPiece { hasher.update($0) }
    return Digest(finishing: hasher)
}
