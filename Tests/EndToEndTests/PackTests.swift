import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Packing and unpacking")
struct PackTests {
    @Test(
        "what is unpacked is what was packed, byte for byte",
        arguments: ["pack folded out.aqlm", "convert folded out.aqlm --to aqlm"]
    )
    func comesBack(command: String) async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try box.add("folded/LICENSE", "be kind")
            let before = try contents(of: box("folded"))
            let packed = try await box.succeed(command + " --json").json()
            #expect(packed["output"] == "out.aqlm")
            for verb in ["unpack out.aqlm again", "convert out.aqlm converted --to safetensors"] {
                let result = try await box.succeed(verb + " --json").json()
                let output = try #require(result["output"]?.string)
                #expect(try contents(of: box(output)) == before)
                let files = result["files"]?.array?.compactMap(\.string) ?? []
                #expect(files.sorted() == before.keys.sorted())
            }
        }
    }

    @Test("the result says what the file is: its length, its content id, what is in which encoding")
    func reports() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            let report = try await box.succeed("pack folded out.aqlm --json").json()
            let bytes = try readFile(box("out.aqlm"))
            #expect(report["size"] == .integer(bytes.count))
            #expect(report["id"] == .string(hexadecimal(Array(bytes[32..<64]))))
            let files = try contents(of: box("folded"))
            #expect(report["content_size"] == .integer(files.values.reduce(0) { $0 + $1.count }))
            let inspected = try await box.succeed("inspect out.aqlm --json").json()
            #expect(inspected["container"]?["id"] == report["id"])
            #expect(inspected["format"] == "container" && inspected["scheme"] == "2x4g8")
            // Codes of 4 bits take half of their bytes.
            let stored = try #require(report["stored"]?.object)
            let encodings = try #require(inspected["container"]?["encodings"]?.array)
            for encoding in encodings {
                let name = try #require(encoding["encoding"]?.string)
                #expect(stored[name] == encoding["stored_bytes"])
            }
            let bits = try #require(encodings.first { $0["encoding"] == "bits" })
            #expect(2 * (bits["stored_bytes"]?.integer ?? 0) == bits["bytes"]?.integer)
            #expect(try await box.succeed("verify out.aqlm").output.contains("out.aqlm holds"))
            let text = try await box.succeed("pack folded two.aqlm").output
            #expect(text.contains("content id \(try #require(report["id"]?.string))"))
        }
    }

    @Test("packed to be mapped, a model is read, checked, compared and unpacked as any")
    func mapped() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            let report = try await box.succeed("pack folded out.aqlm --mapped --json").json()
            #expect(report["stored"]?.object?.keys.contains("columns") == true)
            let inspected = try await box.succeed("inspect out.aqlm --json").json()
            let encodings = try #require(inspected["container"]?["encodings"]?.array)
            let columns = try #require(encodings.first { $0["encoding"] == "columns" })
            #expect(columns["stored_bytes"] == columns["bytes"])
            #expect(try await box.succeed("verify out.aqlm").output.contains("out.aqlm holds"))
            try await box.succeed("diff folded out.aqlm")
            try await box.succeed("convert folded two.aqlm --to aqlm --mapped")
            #expect(try readFile(box("two.aqlm")) == readFile(box("out.aqlm")))
            try await box.succeed("unpack out.aqlm there")
            #expect(try contents(of: box("there")) == contents(of: box("folded")))
            for form in ["safetensors", "dense", "hf-aqlm", "gguf"] {
                let name = form == "gguf" ? "no.gguf" : "no"
                let finished = try await box.run("convert folded \(name) --to \(form) --mapped")
                #expect(
                    finished.status == 64 && finished.notes.contains("--mapped is for --to aqlm")
                )
            }
        }
    }

    @Test("to standard output goes the file and nothing else")
    func streams() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.succeed("pack folded out.aqlm")
            let script = "exec > streamed.aqlm;"
            let finished = try await box.run("pack folded -", prelude: script)
            #expect(finished.status == 0 && finished.output.isEmpty, "\(finished.notes)")
            #expect(try readFile(box("streamed.aqlm")) == readFile(box("out.aqlm")))
            // A pipe that nobody reads any more is an error, not a success.
            let broken = try await box.run("pack folded -", prelude: "exec > /dev/full;")
            #expect(broken.status == 1 && broken.errors.count == 1, "\(broken.notes)")
        }
    }

    @Test("what is there stays as it is, and a wrong name is refused")
    func refusesOutputs() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.succeed("pack folded packed.aqlm")
            try box.add("there.aqlm", "mine")
            try makeDirectory(box("there"))
            try box.add("there/file", "mine")
            let before = try contents(of: box.path)
            for command in [
                "pack folded there.aqlm", "convert folded there.aqlm --to aqlm",
                "unpack packed.aqlm there", "convert packed.aqlm there --to safetensors",
            ] {
                #expect(try await box.fail(command).contains("there"))
            }
            for command in [
                "pack folded out.bin", "pack folded out", "convert folded out --to aqlm",
            ] {
                let finished = try await box.run(command)
                #expect(finished.status == 64 && finished.notes.contains(".aqlm"))
            }
            #expect(try await box.fail("unpack folded out").contains(".aqlm"))
            #expect(try await box.fail("unpack none.aqlm out").contains("none.aqlm"))
            #expect(try contents(of: box.path) == before)
        }
    }

    @Test("a container that is damaged, cut or no container gives an error and no files")
    func refusesDamage() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.succeed("pack folded sound.aqlm")
            let sound = try readFile(box("sound.aqlm"))
            var flipped = sound
            flipped[sound.count - 1] ^= 1
            var header = sound
            header[100] ^= 1
            for (name, bytes, rule) in [
                ("flipped", flipped, "C28"), ("header", header, "C"),
                ("cut", Array(sound.dropLast()), "C6"), ("short", Array(sound.prefix(10)), "C1"),
                ("text", Array(String(repeating: "no container ", count: 9).utf8), "C2"),
            ] {
                try AtomicFile.write(bytes, to: box(name + ".aqlm"))
                for command in [
                    "unpack \(name).aqlm out", "convert \(name).aqlm out --to safetensors",
                ] {
                    let notes = try await box.fail(command)
                    #expect(notes.contains("(rule \(rule)"), "\(name): \(notes)")
                    #expect(notes.contains("fetch it again") || rule == "C2", "\(notes)")
                }
                let verified = try await box.run("verify \(name).aqlm --digests")
                #expect(verified.status == 10)
            }
            let left = try directoryEntries(box.path)
            #expect(!left.contains { $0.hasPrefix("out") }, "\(left)")
        }
    }
}
