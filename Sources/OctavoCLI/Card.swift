import ArgumentParser
import OctavoBase
import OctavoHub
import OctavoPublisher

struct Card: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write an artifact's model card from what was measured, or check one.",
        discussion: """
            Every figure comes from octavo.json or from a file given with --evaluation, which is what \
            `octavo evaluate --json` or `octavo verify --teacher … --json` prints. What was not measured \
            is called so. The original's language, licence, tags and licence files are carried on from its \
            repository (--base hub:OWNER/NAME[@REVISION]) or from the folder it was fetched into \
            (--base-directory); what its card says was measured on it is not. A model whose licence nobody states \
            is refused, and one made of a gated original without --accept-license. docs/model-card.md tells what \
            stands on a card, the variables of --template, and the rules of --check.

            Examples:
              octavo card ./folded --base hub:HuggingFaceTB/SmolLM2-135M-Instruct \\
                --evaluation measured.json --output ./folded/README.md
              octavo card ./folded --base HuggingFaceTB/SmolLM2-135M-Instruct --base-directory ./model \\
                --template card.mustache
              octavo card --check ./folded
            """
    )

    @Argument(help: "The artifact; with --check the card, or the folder that it is in.")
    var model: String

    @Flag(help: "Check the card instead of writing one; exit status 1 where it has faults.")
    var check = false

    @Option(
        help:
            "The original's repository, OWNER/NAME; with hub: before it its card and licence are fetched."
    )
    var base: String?

    @Option(help: "The folder of the original, with its README.md and licence files.")
    var baseDirectory: String?

    @Option(help: "The license's id, as hubs spell it; by default the original's.")
    var license: String?

    @Option(help: "The license's name, where its id is other.")
    var licenseName: String?

    @Option(help: "Where that license can be read: a URL, or a file beside the card.")
    var licenseLink: String?

    @Flag(help: "State that you accepted the terms of a gated original.")
    var acceptLicense = false

    @Option(help: "A language of the model, as an ISO 639 code; may be repeated.")
    var language: [String] = []

    @Option(help: "What the card calls the model; by default the directory's name.")
    var title: String?

    @Option(help: "The repository that the artifact is to be published in, OWNER/NAME.")
    var repository: String?

    @Option(help: "A measurement to put on the card; may be repeated.")
    var evaluation: [String] = []

    @Option(help: "A Mustache template for the text behind the metadata.")
    var template: String?

    @Option(help: "Where to write the card; by default standard output.")
    var output: String?

    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        let others: [String?] = [base, baseDirectory, license, title, repository, template, output]
        if check, others.contains(where: { $0 != nil }) || !evaluation.isEmpty || !language.isEmpty
        {
            throw ValidationError("--check reads a card and takes nothing but --json beside it")
        }
        if !check, result.json {
            throw ValidationError("--json goes with --check: a card is Markdown")
        }
        if licenseName != nil || licenseLink != nil, license != "other" {
            throw ValidationError("--license-name and --license-link go with --license other")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            if check { return try showFindings() }
            let subject = try await openModel(model, printer)
            guard let record = try subject.record() else { throw CardError.noRecord(subject.path) }
            var card = ModelCard(
                title: title ?? lastComponent(subject.path),
                record: record,
                sizes: subject.sizes,
                base: base.flatMap { $0.hasPrefix("hub:") ? nil : $0 },
                license: license,
                languages: language
            )
            (card.licenseName, card.licenseLink) = (licenseName, licenseLink)
            card.repository = repository
            card.output = subject.cardOutput
            card.baseFacts = try await baseFacts(printer)
            try read(evaluation, into: &card)
            try card.requirePermission(acceptsLicense: acceptLicense)
            if let warning = card.nameWarning { printer.note("note: " + warning) }
            let text = try card.markdown(template: template)
            for finding in checkCard(Array(text.utf8), name: repository ?? card.title)
            where finding.isFault { throw CardError.faulty(finding) }
            if let output {
                try AtomicFile.write(text, to: output)
                printer.note("wrote \(output)")
            } else {
                print(text, terminator: "")
            }
        }
    }

    /// What is known of the original, from its folder or its repository.
    private func baseFacts(_ printer: ProgressPrinter) async throws -> BaseModelFacts? {
        guard let base, base.hasPrefix("hub:") else {
            return try baseDirectory.map { try BaseModelFacts(directory: $0, repository: base) }
        }
        let (id, revision) = try parseRepository(String(base.dropFirst(4)))
        let client = try hubClient(printer)
        let information = try await client.information(id, at: revision)
        let fetched = try await client.downloadToCache(
            repository: id,
            revision: Revision(information.commit),
            isWanted: { path in
                let name = path.description
                return !name.contains("/") && (name == ModelCard.fileName || isLicenseFile(name))
            },
            progress: printer.transferHandler
        )
        return try BaseModelFacts(
            directory: baseDirectory ?? fetched.directory,
            repository: id.description,
            revision: fetched.commit,
            isGated: information.isGated
        )
    }

    private func showFindings() throws {
        let findings = try checkCard(at: model)
        let faults = findings.count(where: \.isFault)
        result.show(
            .object([
                "holds": .bool(faults == 0), "faults": .integer(faults),
                "findings": .array(findings.map(\.json)),
            ]),
            text: findings.isEmpty
                ? "the card is sound"
                : findings.map { "\($0.isFault ? "fault " : "advice")  \($0.text)" }
                    .joined(separator: "\n")
        )
        if faults > 0 { throw ExitCode.failure }
    }
}

/// Adds measurements that `octavo evaluate` or `octavo verify` printed as JSON to a card.
///
/// - Parameters:
///   - paths: The files; all they measured is joined.
///   - card: The card.
/// - Throws: ``CardError/noEvaluation(_:)``, and where two files measured speed or samples.
private func read(_ paths: [String], into card: inout ModelCard) throws {
    for path in paths {
        guard let json = try? JSON(parsing: readFile(path, limit: 100_000_000)) else {
            throw CardError.noEvaluation(path)
        }
        if json["format"]?.string == ArtifactMeasurements.format {
            guard let measured = ArtifactMeasurements(json: json) else {
                throw CardError.noEvaluation(path)
            }
            guard let before = card.measurements else {
                card.measurements = measured
                continue
            }
            guard before.machine == measured.machine || measured.speed == nil || before.speed == nil
            else {
                throw CardError.badFacts(path, "a second measurement of speed, expected one")
            }
            card.measurements?.evaluations += measured.evaluations
            card.measurements?.tasks += measured.tasks
            card.measurements?.samples += measured.samples
            if let speed = measured.speed {
                card.measurements?.speed = speed
                card.measurements?.machine = measured.machine
            }
        } else {
            guard let report = EvaluationReport(json: json["evaluation"] ?? json) else {
                throw CardError.noEvaluation(path)
            }
            card.evaluations.append(report)
        }
    }
}

/// Reads a measurement of one text that `octavo evaluate` or `octavo verify` printed as JSON; of several the first.
func readEvaluation(_ path: String) throws -> EvaluationReport {
    let json = try? JSON(parsing: readFile(path, limit: 100_000_000))
    if let json, let first = ArtifactMeasurements(json: json)?.evaluations.first { return first }
    guard let json, let report = EvaluationReport(json: json["evaluation"] ?? json) else {
        throw CardError.noEvaluation(path)
    }
    return report
}
