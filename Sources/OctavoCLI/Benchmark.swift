import ArgumentParser

struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what this machine makes of the work.",
        subcommands: [BenchmarkQuantize.self]
    )
}
