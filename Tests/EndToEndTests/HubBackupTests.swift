import Foundation
import OctavoBase
import OctavoHub
import OctavoTestSupport
import Testing

@Suite("Backing up a hub that is running")
struct HubBackupTests {
    /// The commands of the guide, cut at the comments: what goes before each of the steps, and the steps.
    private func commands() throws -> (prelude: String, steps: [String]) {
        let page = String(decoding: try readFile(packageRoot + "/docs/hub.md"), as: UTF8.self)
        let block = try #require(page.components(separatedBy: "```sh\n").dropFirst().first)
        let text = try #require(block.components(separatedBy: "```").first)
        let parts = text.components(separatedBy: "\n# ")
        return (parts[0], parts.dropFirst().map { "# " + $0 })
    }

    @Test(
        "the guide's commands copy a hub whole, whatever is pushed, made and deleted between them"
    )
    func copies() async throws {
        let (prelude, steps) = try commands()
        try #require(steps.count == 3)
        try await withSandbox { box in
            try makeDirectory(box("model"))
            func push(_ text: String, to id: String, _ hub: [String: String]) async throws {
                try box.add("model/README.md", text)
                try box.add("model/w.safetensors", String(repeating: text, count: 1000))
                try await box.succeed("push model \(id)", environment: hub)
            }
            try await box.withHub { hub in
                let client = HubClient(
                    HubConfiguration(
                        endpoint: try #require(WebURL(hub["HF_ENDPOINT"] ?? "")),
                        token: AccessToken(hub["HF_TOKEN"] ?? "")
                    )
                )
                for id in ["ada/kept", "ada/gone", "ada/other"] {
                    try await push("first \(id)\n", to: id, hub)
                }
                for (number, step) in steps.enumerated() {
                    let start = prelude.replacing("/backup/hub-$(date +%F)", with: box("copy"))
                    let finished = try await box.run(
                        "--version",
                        prelude: "set -e\n\(start)\n\(step)\n"
                    )
                    #expect(finished.status == 0, "\(step)\n\(finished.notes)")
                    // A hub goes on between the steps.
                    try await push("after \(number)\n", to: "ada/kept", hub)
                    try await push("after \(number)\n", to: "ada/new\(number)", hub)
                    if number == 0 {
                        try await client.deleteRepository(try RepositoryID("ada/gone"))
                    }
                }
            }
            try moveFile(box("hub"), to: box("original"))
            try moveFile(box("copy"), to: box("hub"))
            try await box.succeed("hub gc --root hub")
            try await box.withHub { hub in
                for id in ["ada/kept", "ada/other"] {
                    try await box.succeed("pull \(id) out/\(id)", environment: hub)
                    let card = try readFile(box("out/\(id)/README.md"))
                    #expect(String(decoding: card, as: UTF8.self) == "first \(id)\n")
                }
                for id in ["ada/gone", "ada/new0", "ada/new2"] {
                    try await box.fail("pull \(id) none", environment: hub)
                }
                // It is a hub like any other.
                try await push("again\n", to: "ada/new0", hub)
            }
        }
    }
}
