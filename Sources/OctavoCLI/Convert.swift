import ArgumentParser
import OctavoBase
import OctavoPublisher

struct Convert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a model in another form.",
        discussion: """
            A tensor at a time: memory holds a few tensors, never the model. The output appears only \
            when it is whole.

            Examples:
              octavo convert model.gguf ./model --to safetensors --dtype f16
              octavo convert ./folded ./unfolded --to dense --dtype bf16
              octavo convert ./folded folded.aqlm --to aqlm
            """
    )

    @Argument(help: "The model to convert.")
    var model: String

    @Argument(help: "The directory to make, or the .aqlm file; it must not exist.")
    var output: String

    @Option(
        help: """
            safetensors: Hugging Face layout, tensors as they are. \
            dense: the same with quantized layers replaced by the weights they stand for. \
            hf-aqlm: the published AQLM layout, with its rules kept. \
            aqlm: one file that holds all files of the model, without loss. \
            Out of a .aqlm file, safetensors and hf-aqlm give back the files that went in.
            """
    )
    var to: ConversionOptions.Target

    @Option(
        help:
            "The type of floating-point tensors: f16, bf16 or f32. By default they keep theirs; GGUF becomes f16."
    )
    var dtype: FloatType?

    @Option(help: "The most tensor bytes in a file.")
    var maxShardSize = ByteCount.fiveGigabytes

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let source = try await openModel(model, printer)
            var options = ConversionOptions(
                target: to,
                dtype: dtype?.dtype,
                maxShardSize: maxShardSize.bytes
            )
            options.threads = threads.count
            let (output, handler, chosen) = (output, printer.handler, options)
            let files = try await runBlocking {
                try convert(source, to: output, chosen, progress: handler)
            }
            printer.finish()
            result.show(
                .object(["output": .string(output), "files": .array(files.map(JSON.string))]),
                text: "\(output): \(files.joined(separator: ", "))"
            )
        }
    }
}
