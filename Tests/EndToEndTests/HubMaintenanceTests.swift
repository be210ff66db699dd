import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Looking after a hub from the command line")
struct HubMaintenanceTests {
    @Test("who may read a private repository is granted, listed and taken back")
    func access() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.withHub { hub in
                try await box.succeed("push folded ada/folded --private", environment: hub)
                let eve = try await box.succeed(
                    "hub token create --root hub --user eve --role read"
                )
                let token = eve.output.filter { !$0.isWhitespace }
                let asEve = hub.merging(["HF_TOKEN": token]) { _, new in new }
                try await box.fail("pull ada/folded out", environment: asEve)
                let place = "--root hub --repo ada/folded"
                // While the hub is running.
                try await box.succeed("hub access grant \(place) --user eve --role read")
                try await box.succeed("pull ada/folded out", environment: asEve)
                try await box.fail("push folded ada/folded", environment: asEve)
                let list = try await box.succeed("hub access list \(place) --json").json()
                #expect(list == [.object(["user": "eve", "role": "read"])])
                try await box.succeed("hub access revoke \(place) --user eve")
                try await box.fail("pull ada/folded again", environment: asEve)
                try await box.fail("hub access revoke \(place) --user eve")
                try await box.fail("hub access list --root hub --repo ada/none")
            }
        }
    }

    @Test("what nothing leads to is collected, once the hub has stopped")
    func collection() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.withHub { hub in
                try await box.succeed("push folded ada/folded", environment: hub)
                let notes = try await box.fail("hub gc --root hub")
                #expect(notes.contains("another hub is serving hub"))
            }
            func objects() throws -> [String] { try filesBelow(box("hub/objects")) }
            let kept = try objects()
            #expect(!kept.isEmpty)
            let stray = box("hub/objects/ab/ab" + String(repeating: "0", count: 62))
            try makeDirectory(parent(of: stray))
            try AtomicFile.write("stray", to: stray)
            let young = try await box.succeed("hub gc --root hub --json").json()
            #expect(young["objects"]?["files"] == 0)
            // Older than nothing: made before this second.
            try await Task.sleep(for: .milliseconds(1100))
            let dry = try await box.succeed("hub gc --root hub --older-than 0s --dry-run --json")
                .json()
            #expect(dry["objects"] == .object(["files": 1, "bytes": 5]) && dry["dry_run"] == true)
            #expect(fileKind(stray) == .file)
            let table = try await box.succeed("hub gc --root hub --older-than 0s")
            #expect(table.output.contains("objects"))
            #expect(try objects() == kept)
        }
    }
}
