import OctavoBase
import OctavoTestSupport
import Testing

@Suite("The same arguments give the same bytes")
struct DeterminismTests {
    @Test("twice the same, and another seed differs")
    func repeats() async throws {
        try await withSandbox { box in
            try box.addModel()
            // The card is called after the folder, so the folder is called the same.
            try await box.succeed("quantize model a/folded \(foldArguments) --seed 3")
            try await box.succeed("quantize model b/folded \(foldArguments) --seed 3")
            try await box.succeed("quantize model c/folded \(foldArguments) --seed 4")
            let (a, b) = (try contents(of: box("a/folded")), try contents(of: box("b/folded")))
            #expect(Set(a.keys) == Set(b.keys))
            for (path, bytes) in a { #expect(b[path] == bytes, "\(path)") }
            let c = try contents(of: box("c/folded"))
            #expect(c["model.safetensors"] != a["model.safetensors"])
            #expect(c["octavo.json"] != a["octavo.json"])
        }
    }

    /// Files of the unfinished work, in the order in which they appear.
    @Test(
        "a run that was killed goes on and ends in the same bytes",
        arguments: [
            ["journal.json"], ["calibration.safetensors"], ["layers.0.mlp.up_proj.safetensors"],
            ["layers.2.self_attn.o_proj.safetensors"], ["layers.3.tuned.safetensors"],
            ["model.norm.safetensors"], ["artifact/model.safetensors"],
            // Killed twice.
            ["layers.1.self_attn.v_proj.safetensors", "layers.4.mlp.down_proj.safetensors"],
        ]
    )
    func survivesKilling(moments: [String]) async throws {
        // Text enough for the final norm to be fitted.
        let foldArguments =
            "--scheme 2x4g8 --tokens 4096 --sequence-length 32 --threads 2 --block-tuning-epochs 2"
        try await withSandbox { box in
            try TinyModel.tall.write(to: box("model"))
            try await box.succeed("quantize model whole/folded \(foldArguments)")
            var arguments = "quantize model killed/folded \(foldArguments)"
            let output = box("killed/folded")
            for moment in moments {
                let file = moment.hasPrefix("layers.") ? "model." + moment : moment
                try await box.run(arguments, killedOnce: "killed/folded.partial/" + file)
                if !arguments.hasSuffix("--resume") { arguments += " --resume" }
            }
            // Either it was killed, and then there is nothing yet; or it was faster, and then all is there.
            if fileKind(output) == nil { try await box.succeed(arguments) }
            let (killed, whole) = (
                try contents(of: output), try contents(of: box("whole/folded"))
            )
            #expect(Set(killed.keys) == Set(whole.keys))
            for (path, bytes) in whole { #expect(killed[path] == bytes, "\(path)") }
            let record = String(decoding: whole["octavo.json"] ?? [], as: UTF8.self)
            #expect(record.contains("\"final_norm\""))
        }
    }

    /// Layers so wide that products are shared by threads: how many there are must not depend on what is
    /// left to do.
    @Test("a single layer that is missing comes out the same", arguments: [2, 4])
    func redoesOneLayer(threads: Int) async throws {
        try await withSandbox { box in
            var model = TinyModel()
            (model.hidden, model.intermediate, model.layers) = (256, 512, 1)
            try model.write(to: box("model"))
            let arguments =
                "--scheme 1x4g8 --effort quick --tokens 1024 --sequence-length 64 --threads \(threads)"
            try await box.succeed("quantize model whole/folded \(arguments)")
            // Every layer fits into 100 KB, the embedding does not.
            try await box.fail(
                "quantize model folded \(arguments)",
                prelude: box.fileLimit(blocks: 200)
            )
            for layer in ["self_attn.v_proj", "mlp.up_proj"] {
                let file = "folded.partial/model.layers.0.\(layer).safetensors"
                #expect(fileKind(box(file)) == .file)
                try removeAll(box(file))
            }
            try await box.succeed("quantize model folded \(arguments) --resume")
            let (a, b) = (try contents(of: box("whole/folded")), try contents(of: box("folded")))
            for (path, bytes) in a { #expect(b[path] == bytes, "\(path)") }
        }
    }

    @Test("unfinished work is only gone on with by the same arguments")
    func refusesOtherArguments() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.add("text.txt", String(repeating: "The sea is wide. ", count: 40))
            let arguments = "--tokens 512 --sequence-length 32 --threads 2"
            try await box.leaveUnfinished("quantize model folded --scheme 2x4g8 \(arguments)")
            let journal = try contents(of: box("folded.partial"))

            var others = [
                ("--scheme 2x4g8 \(arguments) --seed 1", "seed"),
                ("--scheme 1x4g8 \(arguments)", "scheme"),
                ("--scheme 2x4g8 --tokens 256 --sequence-length 32 --threads 2", "tokens"),
                ("--scheme 2x4g8 --tokens 512 --sequence-length 16 --threads 2", "sequence_length"),
                ("--scheme 2x4g8 --tokens 512 --sequence-length 32 --threads 1", "threads"),
                ("--scheme 2x4g8 \(arguments) --calibration text.txt", "calibration"),
                ("--scheme 2x4g8 \(arguments) --effort quick", "effort"),
                ("--scheme 2x4g8 \(arguments) --targets weights", "targets"),
                ("--scheme 2x4g8 \(arguments) --except *.q_proj=dense", "exceptions"),
                (
                    "--scheme 2x4g8 \(arguments) --block-tuning-epochs 1",
                    "block_tuning_epochs"
                ),
            ]
            // Elsewhere both are the same.
            if String(decoding: try readFile("/proc/cpuinfo"), as: UTF8.self)
                .contains("avx512_bf16")
            {
                others.append(("--scheme 2x4g8 \(arguments) --precision single", "precision"))
            }
            for (other, named) in others {
                let notes = try await box.fail("quantize model folded \(other) --resume")
                #expect(notes.contains("begun with \(named) "), "\(notes)")
            }
            let advice = try await box.fail("quantize model folded --scheme 2x4g8 \(arguments)")
            #expect(advice.contains("--resume"))

            // Another model under the same name is another argument too.
            let config = try readFile(box("model/config.json"))
            try write(["config.json": config + [0x0A]], to: box("model"))
            let source = try await box.fail(
                "quantize model folded --scheme 2x4g8 \(arguments) --resume"
            )
            #expect(source.contains("begun with source "))
            // Refusing changes nothing.
            #expect(try contents(of: box("folded.partial")) == journal)
        }
    }

    @Test("what cannot change the result may change when work is gone on with")
    func allowsOtherArguments() async throws {
        try await withSandbox { box in
            try box.addModel()
            let arguments = "--scheme 2x4g8 --tokens 512 --sequence-length 32 --threads 2"
            try await box.succeed("quantize model whole/folded \(arguments)")
            try await box.leaveUnfinished("quantize model folded \(arguments)")
            try await box.succeed(
                "quantize model folded \(arguments) --resume --memory 3GB --json"
            )
            let (a, b) = (try contents(of: box("whole/folded")), try contents(of: box("folded")))
            #expect(Set(a.keys) == Set(b.keys))
            for (path, bytes) in a { #expect(b[path] == bytes, "\(path)") }
        }
    }

    @Test(
        "activations on disk give the same bytes, and less memory than that is refused before any work"
    )
    func keepsToItsMemory() async throws {
        try await withSandbox { box in
            try box.addModel()
            let arguments = "--scheme 2x4g4 --tokens 12288 --sequence-length 32 --threads 2"
            let refusal = try await box.fail("quantize model folded \(arguments) --memory 1MB")
            // "takes up to 168.2 MB of memory": what must be in memory. The activations take 6 MB more.
            let amount = try #require(
                refusal.split(separator: "takes up to ").last?.prefix { $0 != " " }
            )
            let needed = try #require(Double(amount))
            #expect(try box.entries(except: ["model"]) == [])

            let roomy = try await box.succeed("quantize model a/folded \(arguments)")
            let tight = try await box.succeed(
                "quantize model b/folded \(arguments) --memory \(Int(needed) + 1)MB"
            )
            #expect(!roomy.notes.contains("on disk") && tight.notes.contains("on disk"))
            let (a, b) = (try contents(of: box("a/folded")), try contents(of: box("b/folded")))
            #expect(Set(a.keys) == Set(b.keys))
            for (path, bytes) in a { #expect(b[path] == bytes, "\(path)") }
        }
    }

    @Test("there must be something to resume")
    func refusesToResumeNothing() async throws {
        try await withSandbox { box in
            try box.addModel()
            let notes = try await box.fail("quantize model folded \(foldArguments) --resume")
            #expect(notes.contains("folded.partial"))
            #expect(try box.entries(except: ["model"]) == [])
        }
    }

    @Test(
        "damaged work is refused, not built upon",
        arguments: [
            "journal.json", "calibration.safetensors", "model.layers.0.mlp.up_proj.safetensors",
        ]
    )
    func refusesDamage(file: String) async throws {
        try await withSandbox { box in
            try box.addModel()
            let arguments = "quantize model folded \(foldArguments)"
            try await box.leaveUnfinished(arguments)
            let path = box("folded.partial/" + file)
            try AtomicFile.write(Array(try readFile(path).dropLast(9)), to: path)
            let notes = try await box.fail(arguments + " --resume")
            #expect(notes.contains(file))
            #expect(fileKind(box("folded")) == nil)
        }
    }
}
