import Glibc
import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Pushing and pulling, killed and watched")
struct TransferTests {
    /// A folder of a few large files and many small ones, all different.
    private func addModel(_ box: Sandbox) throws -> [String: [UInt8]] {
        var generator = SeededGenerator(seed: 5)
        var files: [String: [UInt8]] = ["README.md": Array("# Many\n".utf8)]
        for index in 0..<4 {
            files["model-\(index).safetensors"] = (0..<400_000).map { _ in
                UInt8(truncatingIfNeeded: generator.next())
            }
        }
        for index in 0..<300 { files["text/\(index).txt"] = Array("file \(index)".utf8) }
        try makeDirectory(box("many/text"))
        for (path, bytes) in files { try AtomicFile.write(bytes, to: joined(box("many"), path)) }
        return files
    }

    @Test("A push and a pull that are killed again and again end as if nothing had happened")
    func killed() async throws {
        try await withSandbox { box in
            let files = try addModel(box)
            try await box.withHub { hub in
                var generator = SeededGenerator(seed: 11)
                for command in [
                    "push many ada/many", "pull ada/many copy", "pull ada/many --cache",
                ] {
                    let environment = hub.merging(["HF_HUB_CACHE": box("cache")]) { $1 }
                    for _ in 0..<12 {
                        // Later and later, so that some end and some hardly begin.
                        let milliseconds = 5 + Int(generator.next() % 250)
                        try await box.kill(command, after: milliseconds, environment: environment)
                    }
                    try await box.succeed(command, environment: environment)
                }
                let again = try await box.succeed("push many ada/many --json", environment: hub)
                #expect(try again.json()["committed"]?.bool == false)
                #expect(try again.json()["sent_bytes"]?.integer == 0)
                for (path, bytes) in files {
                    #expect(try readFile(joined(box("copy"), path)) == bytes, "\(path)")
                }
                // The hub's .gitattributes beside them, and no partial file.
                #expect(try filesBelow(box("copy")).count == files.count + 1)
                #expect(fileKind(box("many.push.json")) == nil)
                let commits = try directoryEntries(box("hub/repositories/ada/many/commits"))
                // 305 changes are two commits; a kill between two may make one more of them.
                #expect((3...14).contains(commits.count))
            }
        }
    }

    @Test("The log of every request holds no token and no signature")
    func log() async throws {
        try await withSandbox { box in
            _ = try addModel(box)
            try await box.withHub { hub in
                let token = try #require(hub["HF_TOKEN"])
                var log = ""
                for command in [
                    "push many ada/many --debug", "pull ada/many copy --debug",
                    "pull ada/many --cache --debug --json", "push many ada/many --plan --debug",
                ] {
                    let environment = hub.merging(["HF_HUB_CACHE": box("cache")]) { $1 }
                    log += try await box.succeed(command, environment: environment).notes
                }
                log += try await box.fail("pull ada/nothere --debug", environment: hub)
                log += try await box.fail(
                    "inspect hub:ada/many/no.aqlm",
                    environment: hub.merging(["HF_DEBUG": "1"]) { $1 }
                )
                // All that was asked is told…
                for part in [
                    "debug: POST ", "/api/repos/create: 200", "/preupload/main: 200",
                    "/info/lfs/objects/batch: 200", "debug: PUT ", "/commit/main: 200",
                    "debug: GET ", "/resolve/",
                ] {
                    #expect(log.contains(part), "\(part)")
                }
                // …and nothing that is secret.
                #expect(!log.contains(token) && !log.contains(token.dropFirst(3)))
                for part in ["signature", "Bearer", "authorization", "Authorization", "?"] {
                    #expect(!log.contains(part), "\(part)")
                }
            }
        }
    }

    @Test("Programs hear of each file, and of all of them")
    func events() async throws {
        try await withSandbox { box in
            let files = try addModel(box)
            try await box.withHub { hub in
                let events = try await box.succeed("push many ada/many --json", environment: hub)
                    .events()
                func done(_ stage: String) -> Set<String> {
                    Set(
                        events.filter {
                            $0["event"]?.string == "file" && $0["stage"]?.string == stage
                        }.compactMap { $0["path"]?.string }
                    )
                }
                #expect(done("hashing") == Set(files.keys))
                #expect(done("uploading") == Set(files.keys.filter { $0.hasSuffix("safetensors") }))
                let totals = events.filter {
                    $0["event"]?.string == "stage" && $0["stage"]?.string == "uploading"
                }
                #expect(totals.compactMap { $0["total"]?.integer } == [1_600_000])
            }
        }
    }

    @Test("A plan to push in private to what is public is refused, whatever the branch")
    func privatePlan() async throws {
        try await withSandbox { box in
            _ = try addModel(box)
            try await box.withHub { hub in
                let plan = "push many ada/many --private --plan"
                try await box.succeed(plan, environment: hub)
                try await box.succeed("push many ada/many", environment: hub)
                for command in [plan, "\(plan) --revision dev"] {
                    let notes = try await box.fail(command, environment: hub)
                    #expect(notes.contains("is public"))
                }
            }
        }
    }

    @Test("A selection of files is fetched, and a pattern that means nothing is refused")
    func selection() async throws {
        try await withSandbox { box in
            _ = try addModel(box)
            try await box.withHub { hub in
                try await box.succeed("push many ada/many", environment: hub)
                let pull =
                    "pull ada/many some --include *.safetensors --include text/1* --exclude *-2* --json"
                let report = try await box.succeed(pull, environment: hub).json()
                // 1, 10…19, 100…199, and three of the weights.
                #expect(report["files"]?.integer == 111 + 3)
                #expect(fileKind(box("some/model-2.safetensors")) == nil)
                #expect(fileKind(box("some/text/17.txt")) == .file)
                for wrong in ["--include [^a]", "--cache"] {
                    let finished = try await box.run(
                        "pull ada/many some \(wrong)",
                        environment: hub
                    )
                    #expect(finished.status == 64)
                }
            }
        }
    }
}
