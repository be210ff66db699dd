import ArgumentParser
import OctavoBase
import OctavoHub
import OctavoHubServer

extension Hub {
    struct Access: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Manage who beside its owner may use a repository.",
            discussion: """
                Example:
                  octavo hub access list --root ./hub --repo me/folded
                """,
            subcommands: [Grant.self, Revoke.self, List.self]
        )

        /// Which repository.
        struct Place: ParsableArguments {
            @Option(help: "The hub's directory.")
            var root: String

            @Option(help: "The repository, as in owner/name.")
            var repo: String

            func members() throws -> HubMembers {
                HubMembers(root: root, repository: try RepositoryID(repo))
            }
        }

        struct Grant: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Let a user read a private or gated repository, or write to one.",
                discussion: """
                    Holds at once, also for a hub that is running.

                    Example:
                      octavo hub access grant --root ./hub --repo me/folded --user you --role read
                    """
            )

            @OptionGroup
            var place: Place

            @Option(help: "The user.")
            var user: String

            @Option(help: "read or write.")
            var role: HubTokens.Role

            func run() async throws {
                try await reporting { _ in try place.members().grant(user, role) }
            }
        }

        struct Revoke: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Take back what a user was granted.",
                discussion: """
                    Example:
                      octavo hub access revoke --root ./hub --repo me/folded --user you
                    """
            )

            @OptionGroup
            var place: Place

            @Option(help: "The user.")
            var user: String

            func run() async throws {
                try await reporting { _ in try place.members().revoke(user) }
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "List who was granted what.",
                discussion: """
                    Example:
                      octavo hub access list --root ./hub --repo me/folded
                    """
            )

            @OptionGroup
            var place: Place

            @OptionGroup
            var result: OutputOptions

            func run() async throws {
                try await reporting(as: result) { _ in
                    let members = try place.members().list()
                    var table = TextTable(["user", "role"])
                    for member in members { table.add(member.user, member.role.rawValue) }
                    let items = members.map {
                        JSON.object([
                            "user": .string($0.user), "role": .string($0.role.rawValue),
                        ])
                    }
                    result.show(.array(items), text: table.text)
                }
            }
        }
    }
}
