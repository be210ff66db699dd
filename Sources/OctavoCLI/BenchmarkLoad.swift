import ArgumentParser
import OctavoBase
import OctavoModel
import OctavoPublisher

struct BenchmarkLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Open a model to be run, and say how long that takes and what memory.",
        discussion: """
            Each stage is a line as soon as it is over: seconds since the program began, seconds computed, and \
            the most memory so far, pages of mapped files among it. The first product begins where `ready` \
            is said; the tokens after it are those of a made-up prompt.

            Examples:
              octavo benchmark load folded.aqlm
              octavo benchmark load folded.aqlm --tokens 16 --threads 2 --json
            """
    )

    @Argument(help: "The model.")
    var model: String

    @Option(help: "How many tokens are passed one by one when it is ready.")
    var tokens = 1

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    /// What has come to an end, and when.
    private struct Stage: Sendable {
        let name: String
        let time: ProcessTime
        let memory: Int?

        init(_ name: String) {
            self.name = name
            time = ProcessTime()
            memory = ProcessMemory.peak
        }
    }

    mutating func validate() throws {
        guard 0...1 << 16 ~= tokens else {
            throw ValidationError("--tokens is \(tokens), expected 0 to 65536")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let began = ProcessTime().wall
            let path = try await ModelPlace(model).localPath(printer)
            let stages = try await runBlocking { [self] in try load(path, since: began) }
            guard result.json else { return }
            result.show(
                .object([
                    "model": .string(model), "threads": .integer(threads.count),
                    "stages": .array(
                        stages.map { stage in
                            .object([
                                "stage": .string(stage.name),
                                "seconds": .number(stage.time.wall - began),
                                "cpu_seconds": .number(stage.time.cpu),
                                "peak_memory_bytes": stage.memory.map(JSON.integer),
                            ])
                        }
                    ),
                ]),
                text: ""
            )
        }
    }

    private func load(_ path: String, since began: Double) throws -> [Stage] {
        var stages: [Stage] = []
        func end(_ name: String) {
            let stage = Stage(name)
            stages.append(stage)
            guard !result.json else { return }
            let memory = stage.memory.map { ", " + byteText($0) } ?? ""
            let (wall, cpu) = (stage.time.wall - began, stage.time.cpu)
            print(
                "\(name): \(decimal(wall, digits: 3)) s, \(decimal(cpu, digits: 3)) CPU s\(memory)"
            )
            flushOutput()
        }
        let opened = try OpenModel(path)
        end("opened")
        let language = try opened.inferenceModel(threads: threads.count)
        end("ready")
        let execution = Execution(threads: threads.count)
        var state = DecodingState(
            configuration: language.configuration,
            sequences: 1,
            capacity: max(1, tokens)
        )
        for token in 0..<tokens {
            let next = token % language.configuration.vocabularySize
            _ = try language.extend(&state, with: [[next]], execution)
            if token == 0 { end("first token") }
        }
        if tokens > 1 { end("token \(tokens)") }
        return stages
    }
}
