import ArgumentParser
import Glibc
import OctavoBase
import OctavoModel
import OctavoPublisher
import OctavoServer

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let clients of OpenAI's interface use a model.",
        discussion: """
            Answers /v1/completions and /v1/chat/completions, whole or streamed, one at a time. The first line on \
            standard output is the address, for a client's base URL. Ends on an interrupt.

            It listens on the loopback interface. On another one it asks for an API key; it speaks plain HTTP, so \
            put a proxy with TLS before it. See docs/inference.md.

            Examples:
              octavo serve ./folded
              octavo serve ./folded --host 0.0.0.0 --port 8000 --api-key-file key.txt --context 8192
            """
    )

    @Argument(help: "The model.")
    var model: String

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 takes a free one.")
    var port: UInt16 = 8000

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the key that requests must show.",
            valueName: "file"
        )
    )
    var apiKeyFile: String?

    @Flag(help: "Ask for no key, although others than this machine may reach the address.")
    var noKey = false

    @Option(
        help: "What the model is called in requests and answers; by default as its file or folder.",
    )
    var modelName: String?

    @Option(
        help:
            "The most tokens of a request and its answer; by default what the model was made for, but at most 4096."
    )
    var context: Int?

    @Option(help: "How many requests may wait while one is answered.")
    var queue = 8

    @OptionGroup
    var threads: ThreadOptions

    func validate() throws {
        guard apiKeyFile == nil || !noKey else {
            throw ValidationError("--no-key and --api-key-file exclude each other")
        }
        guard ServerSettings.isLoopback(host) || apiKeyFile != nil || noKey else {
            throw ValidationError(
                "others may reach \(host): give an --api-key-file, or --no-key to let everybody in"
            )
        }
        guard 0...10_000 ~= queue else {
            throw ValidationError("--queue is \(queue), expected 0 to 10000")
        }
        if let context, context < 1 {
            throw ValidationError("--context is \(context), expected at least 1")
        }
        if let modelName, modelName.isEmpty || modelName.utf8.count > 200 {
            throw ValidationError("--model-name has 1 to 200 bytes")
        }
    }

    func run() async throws {
        try await reporting { printer in
            raiseFileLimit()
            var settings = ServerSettings(modelName: try name())
            (settings.host, settings.port, settings.mostWaiting) = (host, port, queue)
            settings.key = try apiKeyFile.map { file in
                if isReadableByOthers(file) {
                    printer.note("\(file) can be read by others; `chmod 600` keeps it yours")
                }
                return try ServerKey(file: file)
            }
            let subject = try await openModel(model, printer)
            let (context, count) = (context, threads.count)
            let generator = try await runBlocking {
                try TextGenerator(
                    subject,
                    context: context ?? min(4096, subject.configuration().contextLength),
                    threads: count,
                    keepsState: true
                )
            }
            let server = try await InferenceServer.start(generator, settings: settings) {
                printer.note($0.description)
            }
            print(server.endpoint)
            flushOutput()
            let bytes = byteText(generator.stateBytes(tokens: generator.context))
            printer.note(
                "serving \(settings.modelName) at \(server.endpoint), context \(generator.context) tokens (\(bytes) once used); end with an interrupt"
            )
            try await untilInterrupted(server)
        }
    }

    /// The model's name: what stands behind `hub:`, else the last part of the path.
    private func name() throws -> String {
        if let modelName { return modelName }
        if model.hasPrefix("hub:") { return String(model.dropFirst(4).prefix { $0 != "@" }) }
        return lastComponent(try realPath(model))
    }

    /// Waits for an interrupt and stops the server; throws if that ends by itself before.
    private func untilInterrupted(_ server: InferenceServer) async throws {
        let (ends, report) = AsyncStream<Bool>.makeStream()
        Task {
            await interruption()
            report.yield(true)
        }
        Task {
            await server.end()
            report.yield(false)
        }
        for await isInterrupted in ends {
            guard isInterrupted else { throw ServerError.ended }
            break
        }
        await server.stop()
    }
}

/// Lets the process open as many files as the system allows it: a server that cannot open one more for a connection
/// ends.
private func raiseFileLimit() {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(kind, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(kind, &limit)
}
