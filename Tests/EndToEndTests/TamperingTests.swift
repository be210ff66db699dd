import OctavoBase
import OctavoTestSupport
import Testing

/// A change to an artifact that verification must find, and the file that it must name.
struct Tampering: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let file: String
    let change: @Sendable (inout [String: [UInt8]]) -> Void

    init(
        _ description: String,
        _ file: String,
        _ change: @escaping @Sendable (inout [String: [UInt8]]) -> Void
    ) {
        testDescription = description
        self.file = file
        self.change = change
    }
}

private let tamperings = [
    Tampering("a flipped bit in the last tensor", "model.safetensors") { files in
        if let last = files["model.safetensors"]?.indices.last {
            files["model.safetensors"]?[last] ^= 1
        }
    },
    Tampering("a flipped bit in the middle", "model.safetensors") { files in
        if let count = files["model.safetensors"]?.count {
            files["model.safetensors"]?[count / 2] ^= 0x10
        }
    },
    Tampering("a byte more", "tokenizer.json") { $0["tokenizer.json"]?.append(0x0A) },
    Tampering("a missing tokenizer", "tokenizer.json") { $0["tokenizer.json"] = nil },
    Tampering("a missing small file", "generation_config.json") {
        $0["generation_config.json"] = nil
    },
    Tampering("a file that nobody recorded", "modeling_llama.py") {
        $0["modeling_llama.py"] = Array("import os".utf8)
    },
    Tampering("a hidden file in a folder", "extra/.hidden") { $0["extra/.hidden"] = [1] },
    Tampering("another configuration", "config.json") { files in
        let text = String(decoding: files["config.json"] ?? [], as: UTF8.self)
        files["config.json"] = Array(text.replacing("1e-05", with: "1e-06").utf8)
    },
]

@Suite("Verification of what was tampered with")
struct TamperingTests {
    @Test("fails and names the file", arguments: tamperings)
    func isFound(tampering: Tampering) async throws {
        try await withSandbox { box in
            try await box.addFolded()
            let before = try contents(of: box("folded"))
            var after = before
            tampering.change(&after)
            try #require(after != before)
            try removeAll(box("folded"))
            try write(after, to: box("folded"))
            let finished = try await box.run("verify folded --json")
            #expect(finished.status == 10)
            let report = try finished.json()
            #expect(report["holds"] == false)
            let files = try #require(report["checks"]?.array?.first { $0["name"] == "files" })
            #expect(files["outcome"] == "failed")
            #expect(files["detail"]?.string?.contains(tampering.file) == true, "\(finished.output)")
        }
    }

    @Test(
        "a file without which nothing can be read is missed by name, on two levels",
        arguments: ["model.safetensors", "config.json"]
    )
    func missesFile(file: String) async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try removeAll(box("folded/" + file))
            let finished = try await box.run("verify folded --json")
            #expect(finished.status == 10)
            let checks = try #require(try finished.json()["checks"]?.array)
            let failed = checks.filter { $0["outcome"] == "failed" }
            #expect(failed.map { $0["name"] } == ["files", "opening"])
            #expect(failed[0]["detail"]?.string?.contains("\(file) is missing") == true)
            // Without a record there is nothing that says what should be there, but for the rules.
            try removeAll(box("folded/octavo.json"))
            let bare = try await box.run("verify folded")
            #expect(bare.status == (file == "config.json" ? 1 : 11), "\(bare.output)\(bare.notes)")
        }
    }

    /// Files and tensors have the digests that the record states, but the record was rewritten with
    /// them: only the answers recorded with the probe still tell.
    @Test("weights exchanged together with their digests are found by running the model")
    func replaysTheProbe() async throws {
        try await withSandbox { box in
            var other = TinyModel.small
            other.seed = 2
            try other.write(to: box("model"))
            try await box.succeed("quantize model other \(foldArguments)")
            try await box.addFolded()
            let own = try JSON(parsing: readFile(box("folded/octavo.json")))
            var forged = try #require(JSON(parsing: readFile(box("other/octavo.json"))).object)
            forged["probe"] = own["probe"]
            try box.add("other/octavo.json", JSON.object(forged).text(.sorted))
            let report = try await box.run("verify other --json")
            #expect(report.status == 13)
            let checks = try #require(try report.json()["checks"]?.array)
            let failed = checks.filter { $0["outcome"] == "failed" }.map { $0["name"] }
            #expect(failed == ["probe"])
        }
    }
}
