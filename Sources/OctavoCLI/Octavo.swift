import ArgumentParser
import OctavoPublisher

/// The command line: one file a verb.
struct Octavo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "octavo",
        abstract: "Folds a language model to about two bits a weight, proves it, and publishes it.",
        discussion: """
            A MODEL is a directory in Hugging Face layout, a .aqlm, .gguf or .safetensors file, or \
            hub:OWNER/NAME[@REVISION].

            Example, from a checkpoint to a hub:
              octavo quantize ./SmolLM2-135M ./folded --scheme 2x8g8
              octavo verify ./folded --teacher ./SmolLM2-135M
              octavo push ./folded me/SmolLM2-135M-AQLM
            """,
        version: octavoVersion,
        groupedSubcommands: [
            CommandGroup(
                name: "Models",
                subcommands: [
                    Inspect.self, Convert.self, Pack.self, Unpack.self, Diff.self, Quantize.self,
                    Job.self, Tune.self, Evaluate.self,
                    Generate.self, Serve.self,
                    Verify.self, Card.self,
                ]
            ),
            CommandGroup(name: "Signatures", subcommands: [Sign.self, Key.self]),
            CommandGroup(
                name: "Hubs",
                subcommands: [Publish.self, Push.self, Pull.self, Hub.self]
            ),
            CommandGroup(name: "This machine", subcommands: [Benchmark.self]),
        ]
    )
}
