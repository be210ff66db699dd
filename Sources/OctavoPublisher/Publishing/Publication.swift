import OctavoBase
public import OctavoHub
import Synchronization

/// A manifest on its way to a hub.
///
/// The story, which ``run()`` tells: look whether the hub would take what is to be made, before hours are spent on
/// making it; bring the original here and pin it; quantize it, tune it; write each output in its
/// form; measure each by running it; write each card from what is known; sign; verify as a stranger would; push, read
/// back what the hub has, and compare. Each stage is skipped where what it made before is still right, so a
/// second run does nothing, and one that was killed goes on where it was.
public final class Publication: Sendable {
    let manifest: Manifest
    let request: PublishingRequest
    let workspace: Workspace
    let client: HubClient?
    let key: SigningKey?
    let progress: ProgressHandler
    let transfers: @Sendable (TransferProgress) -> Void
    /// The original's files and what else is kept of the stage that fetched them.
    let pinned = Mutex<(files: [Workspace.MadeFile], facts: JSON)>(([], .null))

    /// Prepares to publish; nothing is made yet but the workspace, and not even that for a plan.
    ///
    /// - Parameters:
    ///   - manifest: What to publish.
    ///   - request: How far, and from where.
    ///   - client: The hub; nil where neither the original nor the outputs need one.
    ///   - key: The key that the manifest names, if it names one.
    ///   - progress: Told how far the work has come.
    ///   - transfers: Told how far what goes over the network has come.
    /// - Throws: ``PublishingError``, `FileError`.
    public init(
        _ manifest: Manifest,
        _ request: PublishingRequest,
        client: HubClient?,
        key: SigningKey?,
        progress: @escaping ProgressHandler = { _ in },
        transfers: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) throws {
        self.manifest = manifest
        self.request = request
        self.client = client
        self.progress = progress
        self.transfers = transfers
        self.key = key
        workspace = try Workspace(request.workspace, isMade: !request.onlyPlans)
    }

    /// Makes and publishes everything that is not up to date.
    ///
    /// - Returns: What became of each stage, and where everything is.
    /// - Throws: ``PublishingError``, or what a stage has to say.
    public func run() async throws -> PublishingReport {
        let owner = try await checkHub()
        let source = try await fetchSource()
        let base = try checkLicense(source)
        var run = StageRun(try graph(source, owner), workspace, request, progress)
        let master = workspace.place(run.graph.master == .init(.tune) ? tunedName : quantizedName)

        try pinned.withLock { try run.keep(.init(.source), $0.files, $0.facts) }
        try await run.perform(.init(.quantize)) { try await self.quantize(source, $0) }
        if manifest.tuning != nil {
            try await run.perform(.init(.tune)) { try await self.tune(source, $0) }
        }
        for output in manifest.outputs {
            try await run.perform(.init(.output, of: output.name)) { _ in
                try await self.write(output, from: master)
            }
        }
        for output in manifest.outputs {
            try await run.perform(.init(.evaluate, of: output.name)) { _ in
                try await self.measure(output, source)
            }
        }
        for output in manifest.outputs {
            try await run.perform(.init(.card, of: output.name)) { _ in
                try await self.writeCard(output, base, source, owner)
            }
        }
        for output in manifest.outputs where key != nil {
            try await run.perform(.init(.sign, of: output.name)) { _ in try await self.sign(output)
            }
        }
        for output in manifest.outputs {
            try await run.perform(.init(.verify, of: output.name)) { _ in
                try await self.verify(output)
            }
        }
        for output in manifest.outputs where request.pushes && output.repository != nil {
            let place = try place(of: output, owner)
            try await run.perform(
                .init(.push, of: output.name),
                isDue: { try await self.whatMoved(output, place) },
                { _ in try await self.push(output, to: place) }
            )
        }
        return report(run.reports, source)
    }

    /// What ``run()`` would do; nothing is made, and nothing is fetched.
    ///
    /// - Throws: As ``run()`` does before it makes anything.
    public func plan() async throws -> PublishingReport {
        let owner = try await checkHub()
        guard let source = try await knownSource() else { return try planOfBeginning() }
        _ = try checkLicense(source)
        let run = StageRun(try graph(source, owner), workspace, request, progress)
        return report(run.plan(), source)
    }

    private func graph(_ source: PublishingSource, _ owner: String?) throws -> StageGraph {
        let graph = try StageGraph(
            manifest,
            source: source.files,
            commit: source.commit,
            owner: owner,
            signer: key?.fingerprint,
            endpoint: client.map { "\($0.configuration.endpoint)" } ?? ""
        )
        for kind in [request.only, request.from].compactMap({ $0 })
        where !graph.stages.contains(where: { $0.kind == kind }) {
            throw PublishingError.noSuchStage(kind)
        }
        return graph
    }

    /// The hub, where one is needed.
    func hub() throws -> HubClient {
        guard let client else { throw PublishingError.noHub }
        return client
    }
}

/// What a publication came to.
public struct PublishingReport: Sendable {
    /// An output and where it went.
    public struct Output: Sendable {
        /// Its name in the manifest.
        public var name: String
        /// The folder that it is in.
        public var path: String
        /// The repository that has it; nil where it was not pushed.
        public var repository: String?
        /// The commit that it is in.
        public var commit: String?
        /// The page of the pull request that was opened for it.
        public var pullRequest: String?
    }

    /// The stages in their order.
    public var stages: [StageReport]
    /// The outputs in the manifest's order.
    public var outputs: [Output]
    /// The commit of the original, if it is from a hub.
    public var sourceCommit: String?

    /// Whether nothing had to be done.
    public var didNothing: Bool { !stages.contains { $0.outcome == .done } }
}
