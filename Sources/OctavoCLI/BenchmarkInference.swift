import ArgumentParser
import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoPublisher

struct BenchmarkInference: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inference",
        abstract: "Time how fast a model is loaded, reads a prompt and writes.",
        discussion: """
            The prompt is made of random tokens; writing takes the likeliest token each time. Rates are \
            medians of a few runs on the clock. The share of the peak is what reading a prompt does of \
            a second's operations of a large single-precision product, measured in the same run on \
            the same threads; only those of the blocks' linears count.

            Examples:
              octavo benchmark inference ./folded --threads 2
              octavo benchmark inference model.aqlm --prompt-tokens 512 --tokens 128 --json
            """
    )

    @Argument(help: "The model.")
    var model: String

    @Option(help: "How many tokens are read.")
    var promptTokens = 512

    @Option(help: "How many tokens are written.")
    var tokens = 64

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard 1...1_000_000 ~= promptTokens, 1...1_000_000 ~= tokens else {
            throw ValidationError("--prompt-tokens and --tokens must be 1 to 1000000")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let began = ProcessTime().wall
            let subject = try await openModel(model, printer)
            let arguments = self
            let report = try await runBlocking { try arguments.measure(subject, since: began) }
            result.show(report.json, text: report.text)
        }
    }

    private func measure(_ subject: OpenModel, since began: Double) throws -> Report {
        setBLASThreads(threads.count)
        let language = try subject.inferenceModel(threads: threads.count)
        let loaded = ProcessTime().wall - began
        let speed = try measureSpeed(
            of: language,
            prompt: promptTokens,
            added: tokens,
            threads: threads.count
        ) { _, _ in }
        let peak = productRate(threads: threads.count)
        let operations = 2 * language.configuration.activeLinearWeights
        return Report(
            loadSeconds: loaded,
            speed: speed,
            threads: threads.count,
            peak: peak,
            shareOfPeak: speed.promptRate * Double(operations) / peak,
            peakMemory: ProcessMemory.peak
        )
    }

    /// What was measured.
    private struct Report: Sendable {
        let loadSeconds: Double
        let speed: SpeedReport
        let threads: Int
        let peak: Double
        let shareOfPeak: Double
        let peakMemory: Int?

        var json: JSON {
            .object([
                "load_seconds": .number(loadSeconds), "threads": .integer(threads),
                "prompt_tokens": .integer(speed.promptTokens),
                "tokens": .integer(speed.addedTokens),
                "prompt_tokens_per_second": .number(speed.promptRate),
                "tokens_per_second": .number(speed.decodingRate),
                "peak_operations_per_second": .number(peak),
                "prompt_share_of_peak": .number(shareOfPeak),
                "peak_memory": peakMemory.map(JSON.integer) ?? .null,
            ])
        }

        var text: String {
            """
            loading     \(decimal(1000 * loadSeconds, digits: 0)) ms
            reading     \(decimal(speed.promptRate, digits: 1)) tokens a second, \(speed.promptTokens) at once: \
            \(decimal(100 * shareOfPeak, digits: 0)) % of \(decimal(peak / 1e9, digits: 0)) GFLOP/s
            writing     \(decimal(speed.decodingRate, digits: 1)) tokens a second
            threads     \(threads), \(kernelNames), lookup \(LookupKernel.best)

            """
        }
    }
}
