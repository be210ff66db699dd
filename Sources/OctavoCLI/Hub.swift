public import ArgumentParser
import Dispatch
import Glibc
import OctavoBase
public import OctavoHubServer

struct Hub: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a hub of your own.",
        discussion: """
            Example, a hub on this machine and a model in it:
              export HF_TOKEN=$(octavo hub token create --root ./hub --user me --role write)
              octavo hub serve --root ./hub --port 8080 &
              HF_ENDPOINT=http://127.0.0.1:8080 octavo push ./folded me/folded
            """,
        subcommands: [Serve.self, Token.self]
    )

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve repositories from a directory, on this machine.",
            discussion: """
                Speaks the protocol of Hugging Face's hub over plain HTTP on the loopback interface. The \
                first line on standard output is the address, for HF_ENDPOINT; everything is kept below \
                the root and is there again after a restart. Ends on an interrupt.

                Example:
                  octavo hub serve --root ./hub --port 8080
                """
        )

        @Option(help: "The directory that holds the repositories; made if it is not there.")
        var root: String

        @Option(help: "The port; 0 takes a free one.")
        var port: UInt16 = 8080

        func run() async throws {
            try await reporting { printer in
                let server = try await HubServer.start(root: root, port: port)
                print(server.endpoint)
                flushOutput()
                printer.note("serving \(root); end with an interrupt")
                await interruption()
                await server.stop()
            }
        }
    }

    struct Token: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Manage who may use a hub.",
            discussion: """
                Example:
                  octavo hub token list --root ./hub
                """,
            subcommands: [Create.self, List.self, Revoke.self]
        )

        struct Create: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract:
                    "Make a token and print it: it is shown this once, and kept only as a digest.",
                discussion: """
                    Example:
                      HF_TOKEN=$(octavo hub token create --root ./hub --user me --role write)
                    """
            )

            @Option(help: "The hub's directory.")
            var root: String

            @Option(help: "The user it speaks for.")
            var user: String

            @Option(help: "read or write.")
            var role: HubTokens.Role

            func run() async throws {
                try await reporting { _ in
                    try makeDirectory(root)
                    print(try HubTokens(root: root).create(user: user, role: role).secret)
                }
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "List a hub's tokens.",
                discussion: """
                    Example:
                      octavo hub token list --root ./hub
                    """
            )

            @Option(help: "The hub's directory.")
            var root: String

            @OptionGroup
            var result: OutputOptions

            func run() async throws {
                try await reporting(as: result) { _ in
                    let tokens = try HubTokens(root: root).list()
                    var table = TextTable(["id", "user", "role"])
                    for token in tokens { table.add(token.id, token.user, token.role.rawValue) }
                    result.show(
                        .array(
                            tokens.map {
                                .object([
                                    "id": .string($0.id), "user": .string($0.user),
                                    "role": .string($0.role.rawValue),
                                ])
                            }
                        ),
                        text: table.text
                    )
                }
            }
        }

        struct Revoke: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Make a token invalid.",
                discussion: """
                    Example:
                      octavo hub token revoke --root ./hub 1f0c8a2e
                    """
            )

            @Option(help: "The hub's directory.")
            var root: String

            @Argument(help: "The token's id, as the list shows it.")
            var id: String

            func run() async throws {
                try await reporting { _ in try HubTokens(root: root).revoke(id) }
            }
        }
    }
}

extension HubTokens.Role: ExpressibleByArgument {}

/// Waits for an interrupt or a request to end.
private func interruption() async {
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_IGN)
    await withCheckedContinuation { continuation in
        // One serial queue: the handlers never run at the same time.
        let queue = DispatchQueue(label: "signals")
        let sources = [SIGINT, SIGTERM].map {
            DispatchSource.makeSignalSource(signal: $0, queue: queue)
        }
        let waiter = Waiter(sources)
        for source in sources {
            source.setEventHandler { if waiter.finish() { continuation.resume() } }
            source.resume()
        }
    }
}

/// Keeps signal sources until the first of them fires.
private final class Waiter: @unchecked Sendable {
    // Only touched from the handlers, which run one at a time.
    private var sources: [any DispatchSourceSignal]

    init(_ sources: [any DispatchSourceSignal]) { self.sources = sources }

    func finish() -> Bool {
        defer { sources = [] }
        return !sources.isEmpty
    }
}
