import OctavoBase
import OctavoCheckpoint
import OctavoHub
import Synchronization

/// The original of a manifest, on this machine.
struct PublishingSource: Sendable {
    /// The model's directory or file.
    let path: String
    /// The folder that its card and license are in.
    let folder: String
    /// The commit that it is of, if it is from a hub.
    let commit: String?
    /// Its files.
    let files: [FileRecord]
    /// Whether the hub lets only those in who accepted its license.
    let isGated: Bool

    /// The model, opened.
    func open() throws -> OpenModel { try OpenModel(path) }
}

extension Publication {
    /// Brings the original here, at the commit that the work was begun with, and hashes it.
    ///
    /// - Throws: ``PublishingError/baseMoved(_:revision:from:to:)`` where the branch has other files by now; what the hub
    ///   or the disk say.
    func fetchSource() async throws -> PublishingSource {
        if let path = request.sourcePath ?? manifest.source.path {
            return try await source(
                at: path,
                folder: fileKind(path) == .directory ? path : parent(of: path)
            )
        }
        guard let id = manifest.source.repository else {
            throw PublishingError.damagedState(manifest.file)
        }
        let revision = manifest.source.revision
        let information = try await hub().information(id, at: revision)
        let kept = workspace.made(PublishingStage(.source))
        if let begun = kept?.facts["commit"]?.string, begun != information.commit,
            kept?.facts["revision"]?.string == "\(id)@\(revision)", request.from != .source
        {
            throw PublishingError.baseMoved(
                "\(id)",
                revision: "\(revision)",
                from: begun,
                to: information.commit
            )
        }
        let commit = try Revision(information.commit)
        let wanted = wantedFiles(try await hub().tree(id, at: commit).map(\.path))
        // What is there untouched need not be read again, which for a large model takes minutes.
        var folder = kept?.facts["folder"]?.string ?? ""
        let isThere =
            kept?.facts["commit"]?.string == information.commit
            && kept?.files.allSatisfy(workspace.isUnchanged) == true
        if !isThere {
            folder = try await hub().downloadToCache(
                repository: id,
                revision: commit,
                isWanted: { wanted.contains($0) },
                progress: transfers
            ).directory
        }
        return try await source(
            at: manifest.source.file.map { joined(folder, "\($0)") } ?? folder,
            folder: folder,
            commit: information.commit,
            isGated: information.isGated
        )
    }

    /// Hashes what is at a path, but for what is known already.
    private func source(
        at path: String,
        folder: String,
        commit: String? = nil,
        isGated: Bool = false
    ) async throws -> PublishingSource {
        let (workspace, progress) = (workspace, progress)
        let kept = workspace.made(PublishingStage(.source))
        let known = Dictionary(
            (kept?.files ?? []).map { ($0.path, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let (made, records) = try await runBlocking {
            let model = try OpenModel(path)
            var made: [Workspace.MadeFile] = []
            var records: [FileRecord] = []
            for (index, file) in model.checkpoint.sources.enumerated() {
                progress(
                    Progress(
                        "reading the original",
                        index + 1,
                        of: model.checkpoint.sources.count,
                        detail: file.name
                    )
                )
                let location =
                    fileKind(path) == .directory ? joined(path, file.name) : path
                let place = try realPath(location)
                let entry =
                    try known[place].flatMap { workspace.isUnchanged($0) ? $0 : nil }
                    ?? workspace.describe(place)
                made.append(entry)
                records.append(FileRecord(path: file.name, size: file.size, digest: entry.digest))
            }
            return (made, records)
        }
        let facts = JSON.object([
            "folder": .string(folder),
            "commit": commit.map(JSON.string),
            "revision": manifest.source.repository.map {
                .string("\($0)@\(manifest.source.revision)")
            },
        ])
        pinned.withLock { $0 = (made, facts) }
        return PublishingSource(
            path: path,
            folder: folder,
            commit: commit,
            files: records,
            isGated: isGated
        )
    }

    /// The files of a repository that make up a model and its card: at its top, and of several sets of weights
    /// the one that is read.
    private func wantedFiles(_ paths: [RepositoryPath]) -> Set<RepositoryPath> {
        if let file = manifest.source.file {
            return Set(paths.filter { $0 == file || isCardOrLicense("\($0)") })
        }
        let names = paths.map { "\($0)" }.filter { !$0.utf8.contains(UInt8(ascii: "/")) }
        let weights = [
            ".safetensors", ".bin", ".gguf", ".pt", ".pth", ".onnx", ".h5", ".msgpack", ".tflite",
            ".ot",
        ]
        let ending = names.contains { $0.hasSuffix(".safetensors") } ? ".safetensors" : ".bin"
        return Set(
            paths.filter { path in
                let name = "\(path)"
                guard names.contains(name) else { return false }
                guard
                    weights.contains(where: { name.hasSuffix($0) }) || name.hasSuffix(".index.json")
                else { return true }
                let stem = name.removingSuffix(".index.json") ?? name
                return stem.hasSuffix(ending)
            }
        )
    }

    private func isCardOrLicense(_ name: String) -> Bool {
        let upper = name.uppercased()
        return upper == "README.MD"
            || ["LICENSE", "LICENCE", "NOTICE", "USE_POLICY", "COPYING"].contains {
                upper.hasPrefix($0)
            }
    }
}

extension Publication {
    /// The original as far as it is here and still what the hub has; nil if it would have to be fetched.
    func knownSource() async throws -> PublishingSource? {
        if request.sourcePath ?? manifest.source.path != nil { return try await fetchSource() }
        guard let kept = workspace.made(PublishingStage(.source)),
            kept.files.allSatisfy(workspace.isUnchanged)
        else { return nil }
        return try await fetchSource()
    }

    /// The plan while the original is not here: everything is to be made.
    func planOfBeginning() throws -> PublishingReport {
        let graph = try StageGraph(
            manifest,
            source: [],
            commit: nil,
            owner: nil,
            signer: key?.fingerprint,
            endpoint: ""
        )
        return PublishingReport(
            stages: graph.stages.map {
                StageReport(
                    stage: $0,
                    outcome: .due,
                    reason: "the original is not here yet",
                    inputs: ""
                )
            },
            outputs: [],
            sourceCommit: nil
        )
    }
}
