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

/// The files of a container as a model is made of them: on disk, or elsewhere with some of them fetched.
struct ContainedFiles: Sendable {
    /// Where the container is, or what it is called there.
    let path: String
    /// Its content id.
    let id: Digest
    /// Its length in bytes.
    let length: Int
    /// What its header says.
    let header: ContainerHeader
    /// Decodes a file, if it has no more than so many bytes.
    let read: @Sendable (_ file: ContainedFile, _ limit: Int) throws -> [UInt8]
    /// A part as a tensor, if it is one.
    let tensor: @Sendable (ContainerPart) -> CheckpointTensor?

    /// Takes those of a container on disk.
    init(_ container: ContainerFile) {
        path = container.file.path
        id = container.id
        length = container.file.count
        header = container.header
        read = { try container.bytes(of: $0, limit: $1) }
        // What is stored as it is, is read where it lies.
        tensor = { part in
            let isPlain = part.encoding == .raw
            let encoded = isPlain ? nil : ContainedPart(container: container, part: part)
            return part.checkpointTensor(in: container.file, encoded)
        }
    }

    /// Decodes the file of a path, if it has no more than so many bytes; nil if there is none.
    func contents(_ path: String, limit: Int) throws -> [UInt8]? {
        try header[path].map { try read($0, limit) }
    }

    /// The record among them, or nil.
    func record() throws -> ArtifactRecord? {
        try contents(ArtifactRecord.fileName, limit: ArtifactRecord.largest)
            .map { try ArtifactRecord(parsing: $0) }
    }
}

extension Checkpoint {
    /// Takes the model that a container holds.
    init(_ container: ContainedFiles) throws {
        var sideFiles: [SideFile] = []
        for file in container.header.files where isSideFile(file.path) && !file.holdsTensors {
            let content = EncodedFile(size: file.size) { try container.read(file, file.size) }
            sideFiles.append(SideFile(name: file.path, content: .encoded(content)))
        }
        let config = "config.json"
        let text = try container.contents(config, limit: largestConfig) ?? Array("{}".utf8)
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: text) } catch {
            throw CheckpointError.badJSON(file: config, error)
        }
        self.init(
            container: container.path,
            tensors: container.header.files.flatMap(\.parts).compactMap(container.tensor),
            config: json,
            sideFiles: sideFiles.sorted { precedes($0.name, $1.name) },
            size: container.length
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

    func bytes(_ range: Range<Int>) throws -> [UInt8] { try container.bytes(range, of: part) }

    var mappedColumns: SharedBytes? {
        part.encoding == .columns ? container.file.shared(part.stored) : nil
    }
}

extension ContainerPart {
    /// The part as a tensor, if it is one.
    func checkpointTensor(
        in file: MappedFile,
        _ encoded: (any EncodedTensor)?
    ) -> CheckpointTensor? {
        tensor.map {
            CheckpointTensor(
                name: $0.name,
                dtype: $0.dtype,
                shape: $0.shape,
                byteCount: size,
                file: file,
                stored: stored,
                isCoded: encoding.isOfGroups,
                encoded: encoded
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
    let known = Set(record.files.map(\.path))
    for file in container.header.files
    where !known.contains(file.path) && !ArtifactRecord.mayLeaveOut(file.path) {
        problems.append("\(file.path) is not in the record")
    }
    return problems
}

/// Checks every byte of a container.
func checkContainerBytes(
    _ container: Result<ContainerFile, any Error>,
    _ request: VerificationRequest,
    _ report: inout VerificationReport,
    _ progress: ProgressHandler
) {
    do {
        let container = try container.get()
        try container.verifyBytes(threads: request.threads) {
            progress(Progress("hashing", $0, of: container.file.count, unit: .bytes))
        }
        report.add(
            .bytes,
            "container",
            .passed,
            "every byte as content id \(container.id) has it"
        )
    } catch {
        // What is whole and lies is found by the next level.
        let isWrong = (error as? ContainerError).map { isDamage($0.rule) } ?? true
        report.add(.bytes, "container", isWrong ? .failed : .skipped, "\(error)")
    }
}

/// Checks that the parts of a container decode to what they stand for.
func checkContainerParts(
    _ container: Result<ContainerFile, any Error>,
    _ request: VerificationRequest,
    _ report: inout VerificationReport,
    _ progress: ProgressHandler
) {
    do {
        let container = try container.get()
        try container.verifyParts(threads: request.threads) {
            progress(Progress("decoding", $0, of: container.file.count, unit: .bytes))
        }
        report.add(.structure, "container", .passed, "every part decodes to its digest")
    } catch { report.add(.structure, "container", .failed, "\(error)") }
}

/// Whether a rule is broken where bytes are other than they were, rather than where they were never right.
private func isDamage(_ rule: ContainerRule) -> Bool {
    let rules: [ContainerRule] = [
        .tooShort, .magic, .headerLength, .fileLength, .contentID, .leafDigest, .padding,
    ]
    return rules.contains(rule)
}
