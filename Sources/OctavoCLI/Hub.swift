import ArgumentParser

struct Hub: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a hub of your own.",
        discussion: """
            Example, a hub on this machine and a model in it:
              export HF_TOKEN=$(octavo hub token create --root ./hub --user me --role write)
              octavo hub serve --root ./hub --port 8080 &
              HF_ENDPOINT=http://127.0.0.1:8080 octavo push ./folded me/folded
            """,
        subcommands: [Serve.self, Token.self, Access.self, Collect.self]
    )
}
