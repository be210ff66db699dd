public import ArgumentParser
import OctavoBase
public import OctavoHubServer

extension Hub {
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
