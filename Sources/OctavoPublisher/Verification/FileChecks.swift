import OctavoBase
import OctavoCheckpoint
import OctavoModel

/// What of the recorded files is not there or not the same; of a lone file, only that one is looked at.
func fileProblems(_ folder: ModelFolder, _ record: ArtifactRecord) throws -> [String] {
    var problems: [String] = []
    for file in record.files where folder.loneFile == nil || folder.loneFile == file.path {
        if let problem = folder.problem(with: file.path) {
            problems.append(problem)
            continue
        }
        let size = try fileSize(joined(folder.path, file.path))
        guard size == file.size else {
            problems.append("\(file.path) has \(size) bytes, expected \(file.size)")
            continue
        }
        let digest = try folder.digest(of: file.path)
        if digest != file.digest {
            problems.append("\(file.path) has sha256 \(digest), expected \(file.digest)")
        }
    }
    guard folder.loneFile == nil else { return problems }
    // What nobody recorded may still be read by somebody's loader.
    let known = Set(record.files.map(\.path))
    for path in try folder.files() where !known.contains(path) {
        if !ArtifactRecord.mayLeaveOut(path) {
            problems.append("\(path) is not in the record")
        } else if let problem = folder.problem(with: path) {
            problems.append(problem)
        }
    }
    return problems
}

extension ArtifactRecord {
    /// Whether a file of an artifact may be missing in its record: the record itself, and what is written when it is
    /// done, which no loader reads: card, plot, license texts, signature.
    static func mayLeaveOut(_ path: String) -> Bool {
        let known = [fileName, ModelCard.fileName, ModelCard.plotPath, SignatureBundle.fileName]
        return known.contains(path) || !path.utf8.contains(UInt8(ascii: "/")) && isLicenseFile(path)
    }
}

/// What is other than a hub lists it.
func listingProblems(_ folder: ModelFolder, _ listing: RemoteListing) throws -> [String] {
    var problems: [String] = []
    let listed = listing.files.filter { folder.loneFile == nil || folder.loneFile == $0.path }
    if let loneFile = folder.loneFile, listed.isEmpty {
        problems.append("\(loneFile) is not among the files of \(listing.place)")
    }
    for file in listed {
        if let problem = folder.problem(with: file.path) {
            // A hub adds this one by itself.
            if file.path != ".gitattributes" { problems.append(problem) }
            continue
        }
        let size = try fileSize(joined(folder.path, file.path))
        if size != file.size {
            problems.append("\(file.path) has \(size) bytes, expected \(file.size)")
        } else if try !folder.has(file.content, file.path) {
            problems.append("\(file.path) is not the \(file.content) that the hub lists")
        }
    }
    guard folder.loneFile == nil else { return problems }
    let known = Set(listed.map(\.path))
    for path in try folder.files() where !known.contains(path) {
        problems.append("\(path) is not among the files of \(listing.place)")
    }
    return problems
}

/// Which files of a cache's snapshot do not have the contents that their links name; nil if it is none.
func snapshotProblems(_ folder: ModelFolder) throws -> (count: Int, problems: [String])? {
    guard let place = try? realPath(folder.path), CacheSnapshot(place) != nil else { return nil }
    var (count, problems) = (0, [String]())
    for file in try folder.files() {
        guard let content = CacheSnapshot.content(of: joined(folder.path, file)) else { continue }
        count += 1
        if let problem = folder.problem(with: file) {
            problems.append(problem)
        } else if try !folder.has(content, file) {
            problems.append("\(file) is not the \(content) that the cache calls it")
        }
    }
    return (count, problems)
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
func digest(of tensor: CheckpointTensor) throws -> Digest {
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
