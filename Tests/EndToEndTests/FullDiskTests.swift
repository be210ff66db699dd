import OctavoBase
import OctavoTestSupport
import Testing

/// Writing fails in the middle, because files may only be so large.
@Suite("A disk that takes no more")
struct FullDiskTests {
    @Test("a conversion fails with the file's name and leaves nothing")
    func conversion() async throws {
        try await withSandbox { box in
            try box.addModel()
            let notes = try await box.fail(
                "convert model out --to safetensors",
                prelude: box.fileLimit(blocks: 20)
            )
            #expect(
                notes.contains("cannot write") && notes.contains("model.safetensors"),
                "\(notes)"
            )
            #expect(try box.entries(except: ["model"]) == [])
        }
    }

    /// The calibration text takes 1.2 KB for 256 tokens and 2.3 for 512, the first layers 1.4 KB and those of
    /// the feed-forward part 1.9 KB, the weights more than 16 KB.
    @Test(
        "a quantization fails, keeps what is whole, and goes on when there is room",
        arguments: [
            (4, 512, "calibration.safetensors"),
            (3, 256, "model.layers.0.mlp.gate_proj.safetensors"), (32, 256, "model.safetensors"),
        ]
    )
    func quantization(blocks: Int, tokens: Int, file: String) async throws {
        try await withSandbox { box in
            try box.addModel()
            let arguments = "--scheme 2x4g8 --tokens \(tokens) --sequence-length 32 --threads 2"
            let command = "quantize model out \(arguments)"
            let notes = try await box.fail(command, prelude: box.fileLimit(blocks: blocks))
            #expect(notes.contains("cannot write") && notes.contains(file), "\(notes)")
            #expect(fileKind(box("out")) == nil)
            // Work that is worth it is kept, but no file that is only begun.
            let isKept = fileKind(box("out.partial")) != nil
            #expect(isKept == (file != "calibration.safetensors"))
            if isKept {
                #expect(try filesBelow(box("out.partial")).allSatisfy { !$0.hasSuffix(".tmp") })
                #expect(fileKind(box("out.partial/" + file)) == nil)
            }
            try await box.succeed(command + (isKept ? " --resume" : ""))
            try await box.succeed("quantize model whole/out \(arguments)")
            let (resumed, whole) = (
                try contents(of: box("out")), try contents(of: box("whole/out"))
            )
            #expect(Set(resumed.keys) == Set(whole.keys))
            for (path, bytes) in whole { #expect(resumed[path] == bytes, "\(path)") }
        }
    }

    @Test("logits and cards that do not fit are not there")
    func smallFiles() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try box.add("ids.json", "[1, 2, 3]")
            for command in [
                "evaluate folded --tokens ids.json --logits out",
                "card folded --license mit --output out",
            ] {
                let notes = try await box.fail(command, prelude: box.fileLimit(blocks: 1))
                #expect(notes.contains("cannot write") && notes.contains("out"), "\(notes)")
                #expect(try box.entries(except: ["folded", "ids.json"]) == [])
            }
        }
    }
}
