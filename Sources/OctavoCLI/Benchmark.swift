import ArgumentParser

struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what this machine makes of the work.",
        discussion: """
            Examples:
              octavo benchmark kernels --threads 1
              octavo benchmark inference ./folded --threads 2
              octavo benchmark load folded.aqlm --threads 2
              octavo benchmark quantize --scheme 2x8g8 --threads 1
              octavo benchmark tune --threads 1
            """,
        subcommands: [
            BenchmarkKernels.self, BenchmarkInference.self, BenchmarkLoad.self,
            BenchmarkQuantize.self, BenchmarkTune.self,
        ]
    )
}
