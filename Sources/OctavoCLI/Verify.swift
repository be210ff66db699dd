public import ArgumentParser
import OctavoBase
import OctavoHub
public import OctavoPublisher

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove a model: its bytes, its structure, its origin, its behaviour.",
        discussion: """
            bytes      every file and tensor as octavo.json has it; what comes from a hub also as the hub lists it
            structure  the rules of the formats, tensors against the configuration, values, codes in their range
            origin     model.sig is by one of the keys given with --key, and of these files
            behaviour  the quantized layers compute what they stand for, and the model gives the logits that were \
            recorded when it was made; with --teacher also the distance to the original

            Each level is reported by itself. One that does not hold does not keep the others from being judged, unless \
            they cannot be. Without --key a model need not be signed.

            Exit status: 0 all holds, 1 the work failed, 64 wrong usage; else the first level that does not hold: \
            10 bytes, 11 structure, 12 origin, 13 behaviour.

            Examples:
              octavo verify ./folded --teacher ./model
              octavo verify hub:me/SmolLM2-135M-AQLM@v1.0 --key publisher.pub.pem
              octavo verify ./pulled --remote me/SmolLM2-135M-AQLM@v1.0
              octavo verify folded.aqlm --level bytes --level structure
            """
    )

    @Argument(
        help: "A directory, a .aqlm, .gguf or .safetensors file, or hub:OWNER/NAME[@REVISION]."
    )
    var model: String

    @Option(
        help: ArgumentHelp(
            "A level to check; may be repeated. By default all.",
            valueName: "level"
        )
    )
    var level: [VerificationLevel] = []

    @Option(
        help: ArgumentHelp(
            "A public key that is trusted, a PEM file; may be repeated: one of them must have signed.",
            valueName: "public.pem"
        )
    )
    var key: [String] = []

    @Option(
        help: ArgumentHelp(
            "Compare a directory also with what the hub lists there.",
            valueName: "owner/name[@revision]"
        )
    )
    var remote: String?

    @Option(help: "The original model to compare with.")
    var teacher: String?

    @Flag(help: "Do not run the model: leave out the level behaviour.")
    var noInference = false

    @Flag(help: "Compare digests alone: --level bytes.")
    var digests = false

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    /// What is to be checked.
    private var levels: Set<VerificationLevel> {
        if digests { return [.bytes] }
        var levels = Set(level.isEmpty ? VerificationLevel.allCases : level)
        if noInference { levels.remove(.behaviour) }
        return levels
    }

    func validate() throws {
        if digests || noInference, !level.isEmpty {
            throw ValidationError("--level says it all: leave --digests and --no-inference away")
        }
        if teacher != nil, !levels.contains(.behaviour) {
            let option = digests ? "--digests" : noInference ? "--no-inference" : "--level"
            throw ValidationError("--teacher needs inference, which \(option) leaves out")
        }
        if !key.isEmpty, !levels.contains(.origin) {
            throw ValidationError("--key needs the level origin")
        }
        if remote != nil, !levels.contains(.bytes) {
            throw ValidationError("--remote needs the level bytes")
        }
        if remote != nil, model.hasPrefix("hub:") {
            throw ValidationError(
                "--remote is for a path; \(model) is compared with its hub anyway"
            )
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            var request = VerificationRequest(threads: threads.count)
            request.levels = levels
            request.trustedKeys = try key.map { try TrustedKey(path: $0) }
            if let teacher { request.teacher = try await openModel(teacher, printer) }
            let report = try await verified(request, printer)
            printer.finish()
            result.show(report.json(model), text: report.text(model))
            if let level = report.firstFailure { throw ExitCode(level.exitStatus) }
        }
    }

    /// Fetches what has to be fetched, and verifies it.
    private func verified(
        _ request: VerificationRequest,
        _ printer: ProgressPrinter
    ) async throws -> VerificationReport {
        var request = request
        let subject: VerifiedPlace
        do {
            subject = try await VerifiedPlace(model, remote: remote, printer)
        } catch let error as HubError where error.isDamage {
            return .unfetched(request.levels, because: "\(error)")
        }
        request.listing = subject.listing
        let (path, chosen, handler) = (subject.path, request, printer.handler)
        return try await runBlocking { try verify(path: path, chosen, progress: handler) }
    }
}

extension VerificationLevel: ExpressibleByArgument {}
