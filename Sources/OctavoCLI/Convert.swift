import ArgumentParser
import OctavoBase
import OctavoContainer
import OctavoPublisher

struct Convert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a model in another form.",
        discussion: """
            Some rows at a time: memory holds a few tensors, never the model. The output appears only \
            when it is whole. What is lost is said before the work begins.

            Examples:
              octavo convert model.gguf ./model --to safetensors --dtype f16
              octavo convert ./folded ./unfolded --to dense --dtype bf16
              octavo convert ./folded folded.aqlm --to aqlm
              octavo convert ./folded folded.aqlm --to aqlm --mapped
              octavo convert ./model model.gguf --to gguf --type q4_k
              octavo convert ./folded folded.gguf --to gguf --type q8_0
            """
    )

    @Argument(help: "The model to convert.")
    var model: String

    @Argument(help: "The directory, .gguf or .aqlm file to make; it must not exist.")
    var output: String

    @Option(
        help: """
            safetensors: Hugging Face layout, tensors as they are. \
            dense: the same with quantized layers replaced by the weights they stand for. \
            hf-aqlm: the published AQLM layout, repaired. \
            gguf: one file for llama.cpp and its kin, tokenizer included. \
            aqlm: one file that holds all files of the model, without loss. \
            Out of a .aqlm file, safetensors and hf-aqlm give back the files that went in.
            """
    )
    var to: ConversionOptions.Target

    @Option(
        name: [.customLong("dtype"), .customLong("type"), .customLong("outtype")],
        help: """
            The type of tensors: f16, bf16 or f32, and of a GGUF file's matrices also q8_0, q6_k, q4_k, \
            q4_1 or q4_0. By default they keep theirs; blocks and codes become f16.
            """
    )
    var type: WeightType?

    @Option(help: "The most tensor bytes in a file.")
    var maxShardSize = ByteCount.fiveGigabytes

    @Flag(
        help:
            "With --to aqlm: store tensors as they are run, so that the file is mapped, not decoded."
    )
    var mapped = false

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        if to == .aqlm {
            guard output.hasSuffix(ContainerFile.suffix) else {
                throw ValidationError("--to aqlm makes a file: end the name of the output in .aqlm")
            }
        }
        if mapped, to != .aqlm {
            throw ValidationError("--mapped is for --to aqlm: no other form is stored in two ways")
        }
        if to == .gguf {
            guard output.hasSuffix(".gguf") else {
                throw ValidationError("--to gguf makes a file: end the name of the output in .gguf")
            }
        } else if let type, type.dtype == nil {
            throw ValidationError(
                "--type \(type.rawValue) is one of GGUF's: choose f16, bf16 or f32, or --to gguf"
            )
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let source = try await openModel(model, printer)
            let options = ConversionOptions(
                target: to,
                dtype: type?.dtype,
                type: type?.ggml,
                maxShardSize: maxShardSize.bytes,
                isMapped: mapped,
                threads: threads.count
            )
            let losses = try await runBlocking { try conversionLosses(source, options) }
            for loss in losses { printer.note("lost: " + loss) }
            let (output, handler) = (output, printer.handler)
            let files = try await runBlocking {
                try convert(source, to: output, options, progress: handler)
            }
            printer.finish()
            result.show(
                .object([
                    "output": .string(output), "files": .array(files.map(JSON.string)),
                    "lost": .array(losses.map(JSON.string)),
                ]),
                text: "\(output): \(files.joined(separator: ", "))"
            )
        }
    }
}
