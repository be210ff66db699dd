import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoModel
import OctavoNumerics

/// Checks a model, level by level: its bytes against its record and its hub, its structure against the rules of
/// formats, its origin against a signature, and its behaviour by running it.
///
/// A check that does not hold is reported, not thrown; it does not keep others from being made, unless
/// they could not be judged.
public func verify(
    _ model: OpenModel,
    _ request: VerificationRequest,
    progress: @escaping ProgressHandler = { _ in }
) throws -> VerificationReport {
    let subject = VerificationSubject(model, progress)
    return try subject.verified(request)
}

/// Checks what is at a path as ``verify(_:_:progress:)-(OpenModel,_,_)`` does; that it cannot be opened is one
/// more finding, if there is a record, a signature or a hub's list that says what should be there.
///
/// - Throws: What opening throws, if nothing says that a model should be there.
public func verify(
    path: String,
    _ request: VerificationRequest,
    progress: @escaping ProgressHandler = { _ in }
) throws -> VerificationReport {
    try VerificationSubject(path: path, progress, isListed: request.listing != nil)
        .verified(request)
}

/// What is verified: a model that was opened, or what is there instead.
struct VerificationSubject {
    let folder: ModelFolder
    let container: Result<ContainerFile, any Error>?
    let model: Result<OpenModel, any Error>
    let progress: ProgressHandler

    init(_ model: OpenModel, _ progress: @escaping ProgressHandler) {
        folder = ModelFolder(model.path, progress)
        container = model.container.map { .success($0) }
        self.model = .success(model)
        self.progress = progress
    }

    init(path: String, _ progress: @escaping ProgressHandler, isListed: Bool) throws {
        folder = ModelFolder(path, progress)
        self.progress = progress
        model = Result { try OpenModel(path) }
        container = Result { try openContainer(loneModelFile(in: path) ?? path) }.flipped
        guard case .failure(let error) = model else { return }
        // A directory that says what it should be can be judged; any other is not what was meant.
        let claims = [ArtifactRecord.fileName, SignatureBundle.fileName, "config.json"]
        let isClaimed =
            folder.loneFile == nil
            && (claims.contains { fileKind(joined(path, $0)) == .file }
                || (try? loneModelFile(in: path)) != nil)
        let isReadable = fileKind(path) == .directory || fileKind(path) == .file
        if case CheckpointError.notAModel = error, folder.loneFile != nil { throw error }
        if case CheckpointError.file(let cause) = error, cause.path == path { throw error }
        guard isReadable, isClaimed || isListed || folder.loneFile != nil else { throw error }
    }

    func verified(_ request: VerificationRequest) throws -> VerificationReport {
        var report = VerificationReport()
        let record = readRecord()
        for level in VerificationLevel.allCases {
            guard request.levels.contains(level) else {
                report.add(level, Self.mainCheck(of: level), .skipped, "not asked for")
                continue
            }
            switch level {
            case .bytes: try checkBytes(record, request, &report)
            case .structure: checkStructure(request, &report)
            case .origin:
                try checkOrigin(
                    folder,
                    trusted: request.trustedKeys,
                    needed: neededFiles(try? record.get()),
                    &report
                )
            case .behaviour: try checkBehaviour(try? record.get(), request, &report)
            }
        }
        return report
    }

    /// The name of the check that stands for a level which is skipped.
    private static func mainCheck(of level: VerificationLevel) -> String {
        switch level {
        case .bytes: "files"
        case .structure: "layout"
        case .origin: "signature"
        case .behaviour: "inference"
        }
    }

    /// The record beside the model; of a lone file, that of its directory if it lists the file.
    private func readRecord() -> Result<ArtifactRecord?, any Error> {
        Result {
            if case .success(let container) = container {
                return try ContainedFiles(container).record()
            }
            let path = joined(folder.path, ArtifactRecord.fileName)
            guard fileKind(path) == .file else { return nil }
            let record = try ArtifactRecord(
                parsing: readFile(path, limit: ArtifactRecord.largest)
            )
            guard let file = folder.loneFile else { return record }
            return record.files.contains { $0.path == file } ? record : nil
        }
    }

    /// The files that a signature has to cover: those the model is read from, and those of the record.
    private func neededFiles(_ record: ArtifactRecord?) -> Set<String> {
        guard folder.loneFile == nil else { return [] }
        // What is in a container is covered by the container.
        if container != nil {
            return Set([try? loneModelFile(in: folder.path)].compactMap { $0.map(lastComponent) })
        }
        let read = (try? model.get())?.checkpoint.sources.map { lastComponent($0.path) } ?? []
        return Set(read + (record.map { $0.files.map(\.path) + [ArtifactRecord.fileName] } ?? []))
    }

    private func checkBytes(
        _ record: Result<ArtifactRecord?, any Error>,
        _ request: VerificationRequest,
        _ report: inout VerificationReport
    ) throws {
        if let container {
            checkContainerBytes(container, request, &report, progress)
            guard report.outcome(of: .bytes) == .passed else { return }
            // The content id stands for every byte: where nothing else is asked for, nothing is decoded.
            if request.levels == [.bytes] { return try compareWithHubs(request, &report) }
        }
        switch record {
        case .failure(let error): report.add(.bytes, "record", .failed, "\(error)")
        case .success(nil):
            if container == nil {
                report.add(
                    .bytes,
                    "files",
                    .skipped,
                    "there is no \(ArtifactRecord.fileName) to compare with"
                )
            }
        case .success(let record?): try compare(with: record, &report)
        }
        try compareWithHubs(request, &report)
    }

    /// Compares the files with what a cache calls them, and with what a hub lists.
    private func compareWithHubs(
        _ request: VerificationRequest,
        _ report: inout VerificationReport
    ) throws {
        if let snapshot = try snapshotProblems(folder), snapshot.count > 0 {
            report.add(
                .bytes,
                "cache",
                problems: snapshot.problems,
                otherwise: "\(snapshot.count) with the digests that the cache calls them by"
            )
        }
        guard let listing = request.listing else { return }
        let count = folder.loneFile == nil ? "\(listing.files.count)" : "1"
        report.add(
            .bytes,
            "remote",
            problems: try listingProblems(folder, listing),
            otherwise: "\(count) with the digests of \(listing.place)"
        )
    }

    private func compare(with record: ArtifactRecord, _ report: inout VerificationReport) throws {
        let problems: [String]
        if let container = try container?.get() {
            problems = try fileProblems(container, record)
        } else {
            problems = try fileProblems(folder, record)
        }
        report.add(
            .bytes,
            "files",
            problems: problems,
            otherwise: folder.loneFile.map { "\($0) with the recorded digest" }
                ?? "\(record.files.count) with the recorded digests"
        )
        guard container != nil || folder.loneFile == nil else { return }
        guard case .success(let model) = model else {
            return report.add(.bytes, "tensors", .skipped, "the model cannot be opened")
        }
        // Blocks of GGUF files are recorded as the file that they are in.
        guard model.checkpoint.format != .gguf || !record.tensors.isEmpty else {
            return report.add(
                .bytes,
                "tensors",
                .skipped,
                "the record has the file that they are in"
            )
        }
        report.add(
            .bytes,
            "tensors",
            problems: tensorProblems(model, record, progress),
            otherwise: "\(record.tensors.count) with the recorded types, shapes and digests"
        )
    }

    private func checkStructure(
        _ request: VerificationRequest,
        _ report: inout VerificationReport
    ) {
        if let container {
            // What is damaged would be found damaged once more by every other check.
            guard report.outcome(of: .bytes) != .failed || !request.levels.contains(.bytes) else {
                return report.add(.structure, "layout", .skipped, "the container is damaged")
            }
            checkContainerParts(container, request, &report, progress)
            guard report.outcome(of: .structure) == .passed else { return }
        }
        switch model {
        case .failure(let error): report.add(.structure, "opening", .failed, "\(error)")
        case .success(let model):
            report.add(
                .structure,
                "values",
                problems: valueProblems(model, progress),
                otherwise: "all sound"
            )
            report.add(
                .structure,
                "layout",
                problems: layoutProblems(model),
                otherwise: layoutSummary(model)
            )
        }
    }

    private func checkBehaviour(
        _ record: ArtifactRecord?,
        _ request: VerificationRequest,
        _ report: inout VerificationReport
    ) throws {
        func skip(_ reason: String) { report.add(.behaviour, "inference", .skipped, reason) }
        guard case .success(let model) = model else { return skip("the model cannot be opened") }
        guard report.outcome(of: .structure) != .failed else {
            return skip("the structure is not sound")
        }
        // The parts of a damaged container do not decode.
        guard container == nil || report.outcome(of: .bytes) != .failed else {
            return skip("the container is damaged")
        }
        guard !model.checkpoint.isBare else {
            return skip("a lone file has no configuration to run it by")
        }
        try checkInference(model, record, request, &report, progress)
    }
}

extension Result where Success == ContainerFile?, Failure == any Error {
    /// The container or why there is none to be had; nil if the path is not one of a container.
    fileprivate var flipped: Result<ContainerFile, any Error>? {
        switch self {
        case .success(let container): container.map { .success($0) }
        case .failure(let error): .failure(error)
        }
    }
}
