import OctavoBase
import OctavoCheckpoint
import OctavoModel

/// What of the recorded files is not there or not the same.
func fileProblems(_ model: OpenModel, _ record: ArtifactRecord) throws -> [String] {
    if let container = model.container { return try fileProblems(container, record) }
    var problems: [String] = []
    for file in record.files {
        guard isInside(file.path) else {
            problems.append(
                "the record names the path \"\(file.path)\", expected one inside the model"
            )
            continue
        }
        let path = joined(model.path, file.path)
        guard fileKind(path) == .file else {
            problems.append("\(file.path) is missing")
            continue
        }
        let size = try fileSize(path)
        guard size == file.size else {
            problems.append("\(file.path) has \(size) bytes, expected \(file.size)")
            continue
        }
        let digest = try MappedFile(path).digest()
        if digest != file.digest {
            problems.append("\(file.path) has sha256 \(digest), expected \(file.digest)")
        }
    }
    // What nobody recorded may still be read by somebody's loader. Hubs add attributes of their own.
    let known = Set(record.files.map(\.path)).union([ArtifactRecord.fileName, ModelCard.fileName])
    for path in try filesBelow(model.path) where !known.contains(path) {
        guard path != ".gitattributes", !path.hasPrefix(".cache/"), !path.hasPrefix(".git/") else {
            continue
        }
        problems.append("\(path) is not in the record")
    }
    return problems
}

/// Whether a path leads nowhere but into the folder that it is relative to.
///
/// Compared as bytes, as the system does: to Swift a slash and an accent after it are one character.
private func isInside(_ path: String) -> Bool {
    path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
        !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
    }
}

/// What of the recorded tensors is not there or not the same.
func tensorProblems(
    _ model: OpenModel,
    _ record: ArtifactRecord,
    _ progress: ProgressHandler
) -> [String] {
    var problems: [String] = []
    let recorded = Dictionary(
        record.tensors.map { ($0.name, $0) },
        uniquingKeysWith: { first, _ in first }
    )
    for (index, tensor) in model.checkpoint.tensors.enumerated() {
        progress(Progress("hashing tensors", index + 1, of: model.checkpoint.tensors.count))
        guard let expected = recorded[tensor.name] else {
            problems.append("tensor \(tensor.name) is not in the record")
            continue
        }
        if tensor.type != .dtype(expected.dtype) || tensor.shape != expected.shape {
            problems.append(
                "tensor \(tensor.name) is \(tensor.type.name) \(tensor.shape), expected "
                    + "\(expected.dtype.rawValue) \(expected.shape)"
            )
        } else if (try? digest(of: tensor)) != expected.digest {
            problems.append("tensor \(tensor.name) does not have the recorded digest")
        }
    }
    let found = Set(model.checkpoint.tensors.map(\.name))
    for name in recorded.keys.sorted() where !found.contains(name) {
        problems.append("tensor \(name) is missing")
    }
    return problems
}

/// The SHA-256 of a tensor's bytes, a piece at a time.
private func digest(of tensor: CheckpointTensor) throws -> Digest {
    let hasher = ContentHasher(.sha256)
    try tensor.forEachPiece { hasher.update($0) }
    return Digest(finishing: hasher)
}

/// Which tensors hold what they cannot: numbers that are not finite, codes beyond their bits.
func valueProblems(_ model: OpenModel, _ progress: ProgressHandler) -> [String] {
    var problems: [String] = []
    for (index, tensor) in model.checkpoint.tensors.enumerated() {
        progress(Progress("reading tensors", index + 1, of: model.checkpoint.tensors.count))
        do {
            if let path = tensor.name.removingSuffix(".codes"), model.linearShape(path) != nil {
                if let problem = codeProblem(try tensor.integers(), model.scheme) {
                    problems.append("tensor \(tensor.name) holds \(problem)")
                }
            } else {
                var areFinite = true
                try tensor.forEachFloats { areFinite = areFinite && allFinite($0) }
                if !areFinite {
                    problems.append("tensor \(tensor.name) holds numbers that are not finite")
                }
            }
        } catch {
            problems.append("\(error)")
        }
    }
    return problems
}

/// The first code that no code of so many bits is stored as, signed or not.
private func codeProblem(_ codes: [Int32], _ scheme: Scheme?) -> String? {
    guard let scheme else { return nil }
    let entries = Int32(scheme.entries)
    let code = codes.first { !(-entries / 2..<entries).contains($0) }
    return code.map { "the code \($0), which is none of \(scheme.bits) bits" }
}

/// Where configuration and tensors contradict each other.
func layoutProblems(_ model: OpenModel) -> [String] {
    var problems: [String] = []
    if !model.checkpoint.isBare {
        do { problems = tensorSetProblems(model, try model.configuration()) } catch {
            problems = ["\(error)"]
        }
    }
    return problems + (model.aqlm?.findings ?? []).filter(\.isFault).map { "\($0)" }
}

/// What the layout is, where nothing is wrong with it.
func layoutSummary(_ model: OpenModel) -> String {
    guard let aqlm = model.aqlm, let scheme = model.scheme else { return "not quantized" }
    return "\(aqlm.modules.count) layers quantized as \(scheme)"
}
