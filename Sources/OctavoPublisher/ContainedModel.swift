import OctavoBase
import OctavoCheckpoint
import OctavoContainer

// A container becomes a checkpoint here: OctavoContainer knows files and how they are stored,
// OctavoCheckpoint what they mean. Neither module knows the other.

/// Opens a container, or returns nil if the path is not one of a container.
func openContainer(_ path: String) throws -> ContainerFile? {
    guard path.hasSuffix(ContainerFile.suffix), fileKind(path) == .file else { return nil }
    return try ContainerFile(MappedFile(path))
}

extension Checkpoint {
    /// Takes the model that a container holds.
    init(_ container: ContainerFile) throws {
        var tensors: [CheckpointTensor] = []
        var sideFiles: [SideFile] = []
        var config: JSON = .object(JSONObject())
        for file in container.header.files {
            if file.path == "config.json" {
                let text = try container.bytes(of: file)
                do throws(JSONError) { config = try JSON(parsing: text) } catch {
                    throw CheckpointError.badJSON(file: file.path, error)
                }
            } else if file.holdsTensors {
                tensors += file.parts.compactMap { container.tensor($0) }
            } else if isSideFile(file.path) {
                let content = EncodedFile { try container.bytes(of: file) }
                sideFiles.append(SideFile(name: file.path, content: .encoded(content)))
            }
        }
        self.init(
            container: container.file.path,
            tensors: tensors,
            config: config,
            sideFiles: sideFiles.sorted { precedes($0.name, $1.name) },
            file: container.file
        )
    }
}

/// A part of a container, decoded when it is wanted.
private struct ContainedPart: EncodedTensor {
    let container: ContainerFile
    let part: ContainerPart

    func forEachPiece(_ body: ([UInt8]) throws -> Void) throws {
        try container.forEachPiece(of: part, body)
    }
}

extension ContainerFile {
    /// A part as a tensor, if it is one: what is stored as it is, is read where it lies.
    fileprivate func tensor(_ part: ContainerPart) -> CheckpointTensor? {
        part.tensor.map {
            CheckpointTensor(
                name: $0.name,
                dtype: $0.dtype,
                shape: $0.shape,
                byteCount: part.size,
                file: file,
                stored: part.stored,
                encoded: part.encoding == .raw
                    ? nil : ContainedPart(container: self, part: part)
            )
        }
    }
}

/// What of the recorded files is not in a container or not the same there.
func fileProblems(_ container: ContainerFile, _ record: ArtifactRecord) throws -> [String] {
    var problems: [String] = []
    for file in record.files {
        guard let contained = container.header[file.path] else {
            problems.append("\(file.path) is missing")
            continue
        }
        let hasher = ContentHasher(.sha256)
        for part in contained.parts {
            try container.forEachPiece(of: part) { hasher.update($0) }
        }
        let digest = Digest(finishing: hasher)
        if digest != file.digest {
            problems.append("\(file.path) has sha256 \(digest), expected \(file.digest)")
        }
    }
    let known = Set(record.files.map(\.path)).union([ArtifactRecord.fileName, ModelCard.fileName])
    for file in container.header.files where !known.contains(file.path) {
        problems.append("\(file.path) is not in the record")
    }
    return problems
}

/// Checks every byte of a container, and then that its parts decode.
func checkContainer(
    _ container: ContainerFile,
    _ request: VerificationRequest,
    _ report: inout VerificationReport,
    _ progress: ProgressHandler
) {
    let size = container.file.count
    do {
        try container.verifyBytes(threads: request.threads) {
            progress(Progress("hashing", $0, of: size, unit: .bytes))
        }
        if !request.digestsOnly {
            try container.verifyParts(threads: request.threads) {
                progress(Progress("decoding", $0, of: size, unit: .bytes))
            }
        }
        report.add("container", .passed, "every byte as content id \(container.id) has it")
    } catch {
        report.add("container", .failed, "\(error)")
    }
}
