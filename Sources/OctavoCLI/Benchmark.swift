import ArgumentParser

struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what this machine makes of the work.",
        discussion: """
            Examples:
              octavo benchmark quantize --scheme 2x8g8 --threads 1
              octavo benchmark tune --threads 1
            """,
        subcommands: [BenchmarkQuantize.self, BenchmarkTune.self]
    )
}
