import OctavoBase
import OctavoHub

// The stages that prove an output and say what it is: evaluate, card, sign, verify.

extension Publication {
    /// Where an output's measurements are, in the workspace: what is published is on the card.
    func measurements(of output: ManifestOutput) -> String {
        joined("measurements", output.name + ".json")
    }

    /// Measures an output by running it, beside the original.
    func measure(
        _ output: ManifestOutput,
        _ source: PublishingSource
    ) async throws -> (files: [String], facts: JSON) {
        let file = measurements(of: output)
        let (place, plan, progress) = (workspace.place(file), manifest.evaluation, progress)
        let folder = workspace.place(folder(of: output))
        let threads = manifest.quantization.threads
        try await runBlocking {
            try makeDirectory(parent(of: place))
            let (model, original) = (try OpenModel(folder), try source.open())
            var measured = try OctavoPublisher.measure(
                model,
                original: original,
                plan.request(threads: threads),
                progress: progress
            )
            if plan.texts.contains(ManifestEvaluation.selfWritten) {
                let report = try selfWrittenReport(model, original, plan, threads, progress)
                measured.evaluations.append(report)
            }
            try AtomicFile.write(measured.json.text(.pretty), to: place)
        }
        return ([file], .object([:]))
    }

    /// Signs an output, card and all.
    func sign(_ output: ManifestOutput) async throws -> (files: [String], facts: JSON) {
        guard let key else { throw PublishingError.noSuchStage(.sign) }
        let folder = folder(of: output)
        let place = workspace.place(folder)
        let (progress, name) = (progress, output.repository?.name ?? manifest.name)
        _ = try await runBlocking {
            try signModel(place, with: key, name: name, progress: progress)
        }
        return (
            [joined(folder, SignatureBundle.fileName)],
            .object(["key": .string(key.fingerprint)])
        )
    }

    /// Verifies an output as whoever downloads it would.
    func verify(_ output: ManifestOutput) async throws -> (files: [String], facts: JSON) {
        let (place, progress, key) = (workspace.place(folder(of: output)), progress, key)
        let threads = manifest.quantization.threads
        let report = try await runBlocking {
            var request = VerificationRequest(threads: threads)
            if let key { request.trustedKeys = [TrustedKey(key.publicKey, from: "the manifest")] }
            return try OctavoPublisher.verify(path: place, request, progress: progress)
        }
        guard report.holds else {
            let failed = report.checks.first { $0.outcome == .failed }
            throw PublishingError.doesNotHold(
                output: output.name,
                check: failed.map { "\($0.name): \($0.detail)" } ?? "no check was made"
            )
        }
        return ([], .object(["checks": .integer(report.checks.count)]))
    }
}

/// The seed of text that an original writes to be measured on: another than calibration takes.
private let evaluationSeed: UInt64 = 0x6F63_7461_766F

/// Measures a model on text that its original writes.
private func selfWrittenReport(
    _ model: OpenModel,
    _ original: OpenModel,
    _ plan: ManifestEvaluation,
    _ threads: Int,
    _ progress: @escaping ProgressHandler
) throws -> EvaluationReport {
    let windows = try sequences(
        writtenBy: original,
        count: plan.windows,
        length: plan.sequenceLength,
        seed: evaluationSeed,
        threads: threads,
        progress: progress
    )
    return try evaluate(
        model.inferenceModel(threads: threads),
        on: windows,
        named: "text written by the original",
        teacher: original.inferenceModel(threads: threads),
        threads: threads,
        progress: progress
    )
}

extension ManifestEvaluation {
    /// What is measured, as a measurement takes it; what the original writes is not among the files.
    func request(threads: Int) -> MeasurementRequest {
        var request = MeasurementRequest(
            texts: texts.filter { $0 != Self.selfWritten },
            threads: threads
        )
        (request.windowLength, request.windows) = (sequenceLength, windows)
        (request.tasks, request.maxTokens) = (tasks, maxTokens)
        if let prompts { request.prompts = prompts }
        request.measuresSpeed = measuresSpeed
        return request
    }
}
