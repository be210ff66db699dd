import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Hubs that do not serve")
struct HubFailureTests {
    /// Port 1 is reserved and nothing listens there: the connection is refused at once.
    private static let deadHub = "http://127.0.0.1:1"
    /// Recognisable wherever it might be printed.
    private static let secret = "hf_SecretThatNobodyMayEverRead0123456"

    @Test(
        "a dead hub is an error, and the token is not shown",
        arguments: [
            "push folded ada/folded", "push folded ada/folded --json", "pull ada/folded pulled",
            "verify ada/nothere", "inspect hub:ada/folded",
        ]
    )
    func deadHub(command: String) async throws {
        try await withSandbox { box in
            try await box.addFolded()
            let notes = try await box.fail(
                command,
                environment: ["HF_ENDPOINT": Self.deadHub, "HF_TOKEN": Self.secret]
            )
            #expect(notes.contains("127.0.0.1:1"))
            #expect(!notes.contains(Self.secret.dropFirst(3)))
            #expect(try filesBelow(box.path).allSatisfy { $0.hasPrefix("folded/") })
        }
    }

    @Test("a token that the hub does not know is refused, and not shown")
    func refusedToken() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.withHub { hub in
                let environment = hub.merging(["HF_TOKEN": Self.secret]) { _, new in new }
                for command in ["push folded ada/folded", "push folded ada/folded --json"] {
                    let notes = try await box.fail(command, environment: environment)
                    #expect(!notes.contains(Self.secret.dropFirst(3)))
                }
            }
        }
    }

    @Test("a push needs a token, and one that may write there")
    func needsToken() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.withHub { hub in
                let endpoint = hub.filter { $0.key == "HF_ENDPOINT" }
                let notes = try await box.fail("push folded ada/folded", environment: endpoint)
                #expect(notes.contains("HF_TOKEN"))

                let reader = try await box.succeed(
                    "hub token create --root hub --user ada --role read"
                )
                let token = reader.output.filter { !$0.isWhitespace }
                try await box.fail(
                    "push folded ada/folded",
                    environment: endpoint.merging(["HF_TOKEN": token]) { _, new in new }
                )
                // Another user's folder is not ada's either.
                try await box.fail("push folded bob/folded", environment: hub)
                let missing = try await box.fail("pull ada/folded pulled", environment: hub)
                #expect(missing.contains("ada/folded"))
                #expect(fileKind(box("pulled")) == nil)
            }
        }
    }

    @Test("a revoked token is worth nothing")
    func revokedToken() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.withHub { hub in
                let list = try await box.succeed("hub token list --root hub --json").json()
                let id = try #require(list.array?.first?["id"]?.string)
                try await box.succeed("hub token revoke --root hub \(id)")
                try await box.fail("push folded ada/folded", environment: hub)
                try await box.fail("hub token revoke --root hub \(id)")
            }
        }
    }

    @Test(
        "what is no repository is refused before anybody is asked",
        arguments: ["../etc/passwd", "ada//folded", "ada/folded/more", "ada/fol:ded"]
    )
    func badNames(name: String) async throws {
        try await withSandbox { box in
            try await box.addFolded()
            let environment = ["HF_ENDPOINT": Self.deadHub]
            for command in ["push folded \(name)", "pull \(name) out"] {
                let notes = try await box.fail(command, environment: environment)
                #expect(!notes.contains("127.0.0.1"), "\(notes)")
            }
        }
    }
}
