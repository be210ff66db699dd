public import ArgumentParser
import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoPublisher
public import OctavoQuantizer

extension Effort: ExpressibleByArgument {}

struct BenchmarkQuantize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract:
            "Quantize one layer and say how well, how long and how near to the machine's limit.",
        discussion: """
            The layer comes from a safetensors file with the tensors weight [outputs, inputs] and \
            hessian [inputs, inputs], or is made up from a seed. The loss is tr(EHE')/tr(WHW') of the \
            errors E, with codebooks and scales in half precision, computed anew in double precision. \
            Operations are those of products and searches; the peak is that of a product of large \
            matrices in single precision, measured in the same run on the same threads.

            Examples:
              octavo benchmark quantize --scheme 2x8g8 --threads 1
              octavo benchmark quantize --layer up_proj.safetensors --scheme 1x8g8 --effort max --json
              octavo benchmark quantize --rows 4096 --columns 4096 --scheme 4x8g16 --effort quick
            """
    )

    @Option(help: "A safetensors file with the tensors weight and hessian.")
    var layer: String?

    @Option(help: "How many outputs a made-up layer has.")
    var rows: Int?

    @Option(help: "How many inputs a made-up layer has.")
    var columns: Int?

    @Option(help: "Codebooks x bits g group size, as in 2x8g8.")
    var scheme: Scheme

    @Option(help: "How much work the layer is worth: quick, standard or max.")
    var effort = Effort.standard

    @Option(help: "The seed of all that is random.")
    var seed = 0

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard seed >= 0 else { throw ValidationError("--seed is \(seed), expected 0 or more") }
        if layer != nil, rows != nil || columns != nil {
            throw ValidationError(
                "--rows and --columns are for made-up layers; --layer has its own"
            )
        }
        for (name, value) in [("--rows", rows), ("--columns", columns)] {
            guard let value, !(1...65536).contains(value) else { continue }
            throw ValidationError("\(name) is \(value), expected 1 to 65536")
        }
    }

    func run() async throws {
        try await reporting { _ in
            let measured = try await runBlocking { [self] in try measure() }
            result.show(measured.json(self), text: measured.text(self))
        }
    }

    private func measure() throws -> LayerMeasurement {
        setBLASThreads(threads.count)
        let subject =
            try layer.map { try BenchmarkLayer(contentsOf: $0) }
            ?? BenchmarkLayer(outputs: rows ?? 1024, inputs: columns ?? 1024, seed: seed)
        var options = LayerQuantizerOptions(effort: effort, seed: UInt64(seed))
        options.threads = threads.count
        return try LayerMeasurement(
            subject,
            scheme: scheme,
            options: options,
            threads: threads.count
        )
    }
}
