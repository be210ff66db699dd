import Foundation
import OctavoBase
import OctavoTestSupport
import Subprocess
import Testing

@Suite("Keys and signatures on the command line")
struct SigningTests {
    @Test("a key is made for its owner alone, and never replaced")
    func makesKeys() async throws {
        try await withSandbox { box in
            let made = try await box.succeed("key create k.pem --json").json()
            let mode = try FileManager.default.attributesOfItem(atPath: box("k.pem"))[
                .posixPermissions
            ]
            #expect(mode as? Int == 0o600)
            #expect(made["curve"] == "P-256" && made["encrypted"] == false)
            let fingerprint = try #require(made["fingerprint"]?.string)
            #expect(Digest(of: try readFile(box("k.pub.pem"))).hex == fingerprint)
            for key in ["k.pem", "k.pub.pem"] {
                let shown = try await box.succeed("key show \(key) --json").json()
                #expect(shown["fingerprint"]?.string == fingerprint)
                #expect(shown["private"]?.bool == (key == "k.pem"))
            }
            let before = try contents(of: box.path)
            #expect(try await box.fail("key create k.pem").contains("k.pem is there already"))
            try removeAll(box("k.pem"))
            #expect(try await box.fail("key create k.pem").contains("k.pub.pem is there already"))
            #expect(fileKind(box("k.pem")) == nil)
            #expect(try readFile(box("k.pub.pem")) == before["k.pub.pem"])
        }
    }

    @Test("an encrypted key asks for its passphrase, from a file or on the terminal")
    func asksForPassphrases() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try box.add("pass", "an octavo\n")
            try box.add("wrong", "a quarto\n")
            try await box.succeed(
                "key create k.pem --encrypted --passphrase-file pass --curve p384"
            )
            let pem = String(decoding: try readFile(box("k.pem")), as: UTF8.self)
            #expect(pem.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
            let notes = try await box.fail(
                "sign folded --key k.pem",
                prelude: "set -- setsid -w \"$@\";"
            )
            #expect(notes.contains("passphrase"), "\(notes)")
            let wrong = try await box.fail("sign folded --key k.pem --passphrase-file wrong")
            #expect(wrong.contains("another passphrase"))
            #expect(fileKind(box("folded/model.sig")) == nil)
            try await box.succeed("sign folded --key k.pem --passphrase-file pass")
            #expect(try await box.run("verify folded --key k.pub.pem --no-inference").status == 0)
            // What was read is told by nothing.
            for text in [notes, wrong] {
                #expect(!text.contains("quarto") && !text.contains("octavo\n"))
            }
        }
    }

    @Test(
        "on a terminal the passphrase is not shown",
        .enabled(if: fileKind("/usr/bin/script") == .file)
    )
    func hidesPassphrases() async throws {
        try await withSandbox { box in
            let binary = try binary()
            // A terminal of its own, in which somebody types the same twice, each time when asked.
            let typed = """
                asked() { for _ in $(seq 600); do grep -qs "$1" seen && return; sleep 0.1; done; }
                (asked 'New passphrase:'; printf 'sesame\\n'; \
                asked 'The same again:'; printf 'sesame\\n'; asked 'COMMAND_EXIT_CODE') | \
                script -qefc '\(binary) key create k.pem --encrypted' seen >/dev/null 2>&1;
                """
            _ = try await box.run("--version", prelude: typed)
            let seen = String(decoding: try readFile(box("seen")), as: UTF8.self)
            #expect(seen.contains("New passphrase:") && seen.contains("The same again:"))
            #expect(!seen.contains("sesame"), "\(seen)")
            try box.add("pass", "sesame\n")
            let shown = try await box.succeed("key show k.pem --passphrase-file pass --json")
            #expect(try shown.json()["private"] == true)
        }
    }

    @Test("what is signed is verified from the hub, byte for byte the same when signed again")
    func signs() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try box.add("folded/README.md", "# A card\n")
            try await box.succeed("key create k.pem")
            try await box.succeed("key create other.pem")
            let signed = try await box.succeed("sign folded --key k.pem --json").json()
            #expect(signed["was_there"] == false && signed["name"] == "folded")
            let bytes = try readFile(box("folded/model.sig"))
            let again = try await box.succeed("sign folded --key k.pem --json").json()
            #expect(again["was_there"] == true && again["fingerprint"] == signed["fingerprint"])
            #expect(try readFile(box("folded/model.sig")) == bytes)
            try await box.withHub { hub in
                try await box.succeed("push folded ada/signed", environment: hub)
                let held = try await box.succeed(
                    "verify hub:ada/signed --key k.pub.pem --json",
                    environment: hub
                ).json()
                #expect(held["signer"] == signed["fingerprint"])
                let outcomes = held["levels"]?.array?.map { $0["outcome"] }
                #expect(outcomes == ["passed", "passed", "passed", "passed"])
                let names = held["checks"]?.array?.compactMap { $0["name"]?.string } ?? []
                #expect(names.contains("remote") && names.contains("cache"), "\(names)")
                // The snapshot by its path, without a hub.
                let snapshot = try #require(
                    filesBelow(box(".cache")).first { $0.contains("/snapshots/") }
                )
                let place =
                    ".cache/" + snapshot.split(separator: "/").dropLast().joined(separator: "/")
                try await box.succeed("verify \(place) --key k.pub.pem")
                let other = try await box.run(
                    "verify hub:ada/signed --key other.pub.pem --json",
                    environment: hub
                )
                #expect(other.status == 12)
                try await box.succeed(
                    "verify hub:ada/signed --key other.pub.pem --key k.pub.pem",
                    environment: hub
                )
                // What stands in the cache is changed behind a link.
                let blob = try #require(
                    filesBelow(box(".cache")).first {
                        $0.contains("/blobs/") && !$0.hasSuffix("lock")
                    }
                )
                try AtomicFile.write([1], to: box(".cache/" + blob))
                let changed = try await box.run("verify \(place) --no-inference --json")
                #expect(changed.status == 10)
                #expect(changed.output.contains("that the cache calls it"), "\(changed.output)")
            }
        }
    }

    @Test("a directory is compared with what a hub lists")
    func comparesWithHub() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.withHub { hub in
                try await box.succeed("push folded ada/folded", environment: hub)
                try await box.succeed("pull ada/folded pulled", environment: hub)
                let arguments = "verify pulled --remote ada/folded@main --digests --json"
                let held = try await box.succeed(arguments, environment: hub).json()
                #expect(held["checks"]?.array?.contains { $0["name"] == "remote" } == true)
                // Changed together with the record: the hub's list still tells.
                let name = "generation_config.json"
                var entry = try readFile(box("pulled/" + name))
                entry[entry.count - 1] ^= 1
                try AtomicFile.write(entry, to: box("pulled/" + name))
                var record = try #require(JSON(parsing: readFile(box("pulled/octavo.json"))).object)
                let files = record["files"]?.array?.map { file -> JSON in
                    guard file["path"]?.string == name else { return file }
                    return .object([
                        "path": .string(name), "size": .integer(entry.count),
                        "sha256": .string(Digest(of: entry).hex),
                    ])
                }
                record["files"] = files.map(JSON.array)
                try box.add("pulled/octavo.json", JSON.object(record).text(.sorted))
                #expect(try await box.run("verify pulled --digests").status == 0)
                let changed = try await box.run(arguments, environment: hub)
                #expect(changed.status == 10)
                #expect(changed.output.contains("that the hub lists"), "\(changed.output)")
            }
        }
    }

    @Test("a hub that sends other bytes than it lists fails the bytes")
    func catchesHub() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.withHub { hub in
                try await box.succeed("push folded ada/folded", environment: hub)
                let hex = Digest(of: try readFile(box("folded/model.safetensors"))).hex
                let object = box("hub/objects/\(hex.prefix(2))/\(hex)")
                var bytes = try readFile(object)
                bytes[bytes.count - 1] ^= 1
                try AtomicFile.write(bytes, to: object)
                let report = try await box.run("verify hub:ada/folded --json", environment: hub)
                #expect(report.status == 10)
                let checks = try #require(try report.json()["checks"]?.array)
                #expect(checks[0]["name"] == "remote" && checks[0]["outcome"] == "failed")
                #expect(checks[0]["detail"]?.string?.contains("model.safetensors") == true)
            }
        }
    }

    @Test("the report has these members, and no others")
    func reportsJSON() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try box.add("folded/extra.txt", "x")
            let finished = try await box.run("verify folded --level bytes --level origin --json")
            let report = try finished.json()
            #expect(finished.status == 10)
            #expect(
                report.object?.keys == ["model", "holds", "exit_status", "levels", "checks"]
            )
            #expect(report["exit_status"] == 10 && report["holds"] == false)
            let levels = report["levels"]?.array?.map {
                "\($0["level"]?.string ?? "") \($0["outcome"]?.string ?? "")"
            }
            #expect(
                levels == [
                    "bytes failed", "structure skipped", "origin skipped", "behaviour skipped",
                ]
            )
            let check = try #require(report["checks"]?.array?.first)
            #expect(check.object?.keys == ["level", "name", "outcome", "detail", "problems"])
            #expect(check["problems"] == ["extra.txt is not in the record"])
        }
    }
}
