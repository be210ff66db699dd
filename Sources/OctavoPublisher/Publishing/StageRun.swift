import OctavoBase

/// What became of a stage in a run.
public struct StageReport: Sendable, Equatable {
    /// What happened.
    public enum Outcome: String, Sendable {
        /// It was carried out.
        case done
        /// What it had made before is still right.
        case upToDate = "up to date"
        /// It was not asked for.
        case leftOut = "left out"
        /// It is to be carried out; in a plan alone.
        case due
    }

    /// The stage.
    public var stage: PublishingStage
    /// What happened.
    public var outcome: Outcome
    /// Why it was or is to be carried out; empty otherwise.
    public var reason = ""
    /// The digest of its inputs.
    public var inputs: String
    /// How long it took, this time or when it was last carried out, in seconds of the clock.
    public var seconds = 0.0
    /// The same in seconds of the processor.
    public var cpuSeconds = 0.0
}

/// A walk through the stages of a graph, carrying out those that are not up to date.
struct StageRun {
    let graph: StageGraph
    let workspace: Workspace
    let request: PublishingRequest
    let progress: ProgressHandler
    /// What became of the stages so far.
    private(set) var reports: [StageReport] = []

    init(
        _ graph: StageGraph,
        _ workspace: Workspace,
        _ request: PublishingRequest,
        _ progress: @escaping ProgressHandler
    ) {
        (self.graph, self.workspace, self.request, self.progress) = (
            graph, workspace, request, progress
        )
    }

    /// Why a stage must be carried out; nil if what it made is still right.
    func reason(_ stage: PublishingStage) -> String? {
        if let from = request.from, stage.kind.isAtOrAfter(from) { return "asked for" }
        if request.only == stage.kind { return "asked for" }
        guard let made = workspace.made(stage) else {
            return workspace.begun(stage) == nil ? "not made yet" : "interrupted"
        }
        if made.inputs != graph.inputs(of: stage) {
            let changed = graph.needs(of: stage).filter {
                workspace.made($0)?.inputs != graph.inputs(of: $0)
            }
            return changed.isEmpty
                ? "its own settings changed"
                : "\(changed.map(\.description).joined(separator: ", ")) changed"
        }
        return made.files.first { !workspace.isUnchanged($0) }.map { "\($0.path) changed" }
    }

    /// Carries out a stage unless it is up to date or was not asked for.
    ///
    /// - Parameters:
    ///   - stage: The stage.
    ///   - isDue: What else the stage may know that makes it due, such as that the hub has moved on.
    ///   - body: Makes the stage's files and names them; what was begun by the same inputs may still lie there
    ///     when it is called, which is what its argument says.
    /// - Throws: ``PublishingError/notReady(_:needs:)``, or what the stage has to say.
    mutating func perform(
        _ stage: PublishingStage,
        isDue: () async throws -> String? = { nil },
        _ body: (_ mayTakeUp: Bool) async throws -> (files: [String], facts: JSON)
    ) async throws {
        var report = StageReport(stage: stage, outcome: .upToDate, inputs: graph.inputs(of: stage))
        defer { reports.append(report) }
        let isWanted = request.only.map { $0 == stage.kind } ?? true
        var reason = reason(stage)
        if reason == nil, isWanted { reason = try await isDue() }
        guard let reason, isWanted else {
            let made = workspace.made(stage)
            (report.seconds, report.cpuSeconds) = (made?.seconds ?? 0, made?.cpuSeconds ?? 0)
            if reason != nil { report.outcome = .leftOut }
            return
        }
        try checkInputs(stage)
        progress(Progress("publishing", 0, of: 1, note: "\(stage): \(reason)"))
        let inputs = graph.inputs(of: stage)
        // Who asks for it anew wants nothing of what lies there, unless they say so.
        let isAnew = request.from.map { stage.kind.isAtOrAfter($0) } == true && !request.resume
        let mayTakeUp =
            !isAnew && workspace.made(stage) == nil && workspace.begun(stage) == inputs
        try workspace.begin(stage, inputs)
        let start = ProcessTime()
        let (files, facts) = try await body(mayTakeUp)
        let end = ProcessTime()
        let workspace = workspace
        let described = try await runBlocking { try files.map(workspace.describe) }
        (report.seconds, report.cpuSeconds) = (end.wall - start.wall, end.cpu - start.cpu)
        try workspace.finish(
            stage,
            Workspace.Made(
                inputs: inputs,
                files: described,
                facts: facts,
                seconds: report.seconds,
                cpuSeconds: report.cpuSeconds
            )
        )
        report.outcome = .done
        report.reason = reason
    }

    /// Notes what came of a stage that was carried out already, if it is not what is known.
    mutating func keep(
        _ stage: PublishingStage,
        _ files: [Workspace.MadeFile],
        _ facts: JSON
    ) throws {
        let inputs = graph.inputs(of: stage)
        let made = Workspace.Made(inputs: inputs, files: files, facts: facts)
        var report = StageReport(stage: stage, outcome: .upToDate, inputs: inputs)
        let reason = reason(stage)
        if workspace.made(stage) != made { try workspace.finish(stage, made) }
        if let reason, request.only ?? stage.kind == stage.kind {
            (report.outcome, report.reason) = (.done, reason)
        }
        reports.append(report)
    }

    /// Refuses to work on what is not there: possible only where one kind of stage is asked for.
    private func checkInputs(_ stage: PublishingStage) throws {
        for needed in graph.needs(of: stage)
        where reports.contains(where: { $0.stage == needed && $0.outcome == .leftOut }) {
            throw PublishingError.notReady(stage, needs: needed)
        }
    }

    /// What would become of each stage.
    func plan() -> [StageReport] {
        graph.stages.map { stage in
            var report = StageReport(
                stage: stage,
                outcome: .upToDate,
                inputs: graph.inputs(of: stage)
            )
            if let made = workspace.made(stage) {
                (report.seconds, report.cpuSeconds) = (made.seconds, made.cpuSeconds)
            }
            if let only = request.only, only != stage.kind {
                report.outcome = .leftOut
            } else if let reason = reason(stage) {
                (report.outcome, report.reason) = (.due, reason)
            }
            return report
        }
    }
}

extension PublishingStage.Kind {
    /// Whether it is this kind or comes later.
    func isAtOrAfter(_ other: PublishingStage.Kind) -> Bool {
        let all = Self.allCases
        guard let mine = all.firstIndex(of: self), let its = all.firstIndex(of: other) else {
            return false
        }
        return mine >= its
    }
}
