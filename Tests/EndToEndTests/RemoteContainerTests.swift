import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Containers in repositories")
struct RemoteContainerTests {
    /// Writes a model of 12 MB, which no encoding makes smaller, packs it into `up/` and pushes that.
    private func push(in box: Sandbox, _ hub: [String: String]) async throws {
        try box.addModel()
        var generator = SeededGenerator(seed: 7)
        let values = (0..<6_000_000).map { _ in UInt16(truncatingIfNeeded: generator.next()) }
        let header =
            "{\"w\":{\"dtype\":\"F16\",\"shape\":[6000,1000],\"data_offsets\":[0,12000000]}}"
        let file = [UInt64(header.utf8.count)].byteArray + Array(header.utf8) + values.byteArray
        try removeAll(box("model/model.safetensors"))
        try AtomicFile.write(file, to: box("model/model.safetensors"))
        try makeDirectory(box("up"))
        try await box.succeed("pack model up/m.aqlm")
        try await box.succeed("push up ada/box", environment: hub)
    }

    /// Where the hub keeps the container.
    private func object(in box: Sandbox) throws -> String {
        let hex = Digest(of: try readFile(box("up/m.aqlm"))).hex
        return box("hub/objects/\(hex.prefix(2))/\(hex)")
    }

    @Test("are described as on disk, of which few bytes are fetched")
    func describes() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                try await push(in: box, hub)
                let near = try await box.succeed("inspect up/m.aqlm --tensors --json").json()
                let far = try await box.succeed(
                    "inspect hub:ada/box@main/m.aqlm --tensors --json",
                    environment: hub
                ).json()
                var container = try #require(far["container"]?.object)
                let fetched = try #require(container["fetched_bytes"]?.integer)
                #expect(container["commit"]?.string?.count == 40)
                container["fetched_bytes"] = nil
                container["commit"] = nil
                var members = try #require(far.object)
                members["container"] = .object(container)
                #expect(JSON.object(members).text(.sorted) == near.text(.sorted))
                // The header, and the MiB that all small files are in.
                let size = try readFile(box("up/m.aqlm")).count
                #expect(size > 12_000_000 && fetched < 1 << 20 + 1 << 14 && fetched > 1 << 20)
                #expect(near["container"]?["bytes"] == .integer(size))
                #expect(near["tensors"]?.array?.first?["encoding"] == "raw")
                // Nothing was put into the cache.
                #expect(fileKind(box(".cache")) == nil)
                let text = try await box.succeed("inspect hub:ada/box/m.aqlm", environment: hub)
                #expect(text.output.contains(try #require(near["container"]?["id"]?.string)))
            }
        }
    }

    @Test("that the hub changes are found out by their digests")
    func findsChanges() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                try await push(in: box, hub)
                let sound = try readFile(box("up/m.aqlm"))
                let file = try object(in: box)
                let near = try await box.succeed("inspect up/m.aqlm --json").json()
                let files = try #require(near["container"]?["files"]?.array)
                #expect(files.first?["name"] == "config.json")
                // The header's length stands at 16; behind the header comes config.json.
                let data = 64 + sound[16..<20].reversed().reduce(0) { $0 << 8 | Int($1) }
                for (offset, rule) in [
                    (0, "C2"), (12, "C4"), (40, "C11"), (70, "C7"), (data, "C23"),
                ] {
                    var bytes = sound
                    bytes[offset] ^= 0x80
                    try removeAll(file)
                    try AtomicFile.write(bytes, to: file)
                    let notes = try await box.fail("inspect hub:ada/box/m.aqlm", environment: hub)
                    #expect(notes.contains("(rule \(rule))"), "\(notes)")
                }
                // The hub has less than it says.
                try removeAll(file)
                try AtomicFile.write(Array(sound.prefix(sound.count / 2)), to: file)
                let notes = try await box.fail("inspect hub:ada/box/m.aqlm", environment: hub)
                #expect(notes.contains("its range is"), "\(notes)")
            }
        }
    }

    @Test("are fetched alone where a verb needs all of them")
    func fetchesOneFile() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try makeDirectory(box("up"))
            try await box.succeed("pack folded up/folded.aqlm")
            try box.add("up/other.txt", "not wanted")
            try await box.withHub { hub in
                try await box.succeed("push up ada/box", environment: hub)
                let notes = try await box.succeed(
                    "verify hub:ada/box/folded.aqlm --digests",
                    environment: hub
                )
                #expect(notes.output.contains("holds"))
                let kept = try filesBelow(box(".cache")).filter { $0.contains("/snapshots/") }
                #expect(kept.count == 1 && kept[0].hasSuffix("/folded.aqlm"), "\(kept)")
                for name in ["inspect hub:ada/box/none.aqlm", "verify hub:ada/box/none.aqlm"] {
                    #expect(try await box.fail(name, environment: hub).contains("none.aqlm"))
                }
                for name in [
                    "hub:ada/box/../x.aqlm", "hub:ada/bo:x/x.aqlm", "hub:ada/box@a..b/x.aqlm",
                ] {
                    try await box.fail("inspect \(name)", environment: hub)
                }
            }
        }
    }
}
