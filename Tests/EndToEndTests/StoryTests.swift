import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

/// What a publisher and whoever downloads from them do, in their order.
@Suite("From a checkpoint to a hub and back")
struct StoryTests {
    @Test("a model is folded, verified, described, pushed, pulled and verified again")
    func wholeStory() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.succeed("quantize model folded \(foldArguments)")
            #expect(fileKind(box("folded.partial")) == nil)

            let verified = try await box.succeed("verify folded --teacher model --json")
            #expect(try verified.json()["holds"] == true)
            #expect(try verified.json()["evaluation"]?["kl"]?.number ?? -1 > 0)
            try box.add("verify.json", verified.output)

            try await box.succeed(
                "card folded --base ada/tiny --license mit --evaluation verify.json --output card.md"
            )
            let card = try String(decoding: readFile(box("card.md")), as: UTF8.self)
            #expect(card.hasPrefix("---\n") && card.contains("base_model: \"ada/tiny\""))
            #expect(card.contains("2x4g8"))
            try await box.succeed(
                "card folded --license mit --evaluation verify.json --output folded/README.md"
            )

            try await box.withHub { hub in
                let pushed = try await box.succeed(
                    "push folded ada/folded --json",
                    environment: hub
                )
                #expect(try pushed.json()["committed"] == true)
                let again = try await box.succeed("push folded ada/folded --json", environment: hub)
                #expect(try again.json()["committed"] == false)
                #expect(try again.json()["commit"] == pushed.json()["commit"])

                try await box.succeed("pull ada/folded pulled", environment: hub)
                let (sent, received) = (
                    try contents(of: box("folded")), try contents(of: box("pulled"))
                )
                #expect(sent.count >= 6)
                for (path, bytes) in sent { #expect(received[path] == bytes, "\(path)") }
                let added = Set(received.keys).subtracting(sent.keys)
                #expect(added.isSubset(of: [".gitattributes"]), "\(added)")

                let held = try await box.succeed("verify ada/folded --json", environment: hub)
                #expect(try held.json()["holds"] == true)
                try await box.succeed("inspect hub:ada/folded", environment: hub)
            }
            // The hub is gone; what was pulled stands alone.
            let last = try await box.succeed("verify pulled --json")
            #expect(try last.json()["holds"] == true)
        }
    }

    @Test("what was folded says what it is")
    func inspects() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            let report = try await box.succeed("inspect folded --json --tensors").json()
            #expect(report["format"] == "directory" && report["family"] == "llama")
            #expect(report["scheme"] == "2x4g8")
            // Two blocks of seven linears.
            #expect(report["layers"]?.array?.count == 14)
            let tensors = try #require(report["tensors"]?.array)
            let codes = try #require(
                tensors.first { $0["name"] == "model.layers.1.mlp.down_proj.codes" }
            )
            #expect(codes["shape"] == [32, 8, 2])
            // What the tensors take is what the file holds behind its header.
            let file = try readFile(box("folded/model.safetensors"))
            let header = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            #expect(report["sizes"]?["total_bytes"]?.integer == file.count - 8 - header)
        }
    }

    @Test("logits are written as float32, one row a token")
    func evaluatesTokens() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try box.add("ids.json", "[0, 74, 103, 110, 110, 113]")
            let report = try await box.succeed(
                "evaluate folded --tokens ids.json --logits out.safetensors --json"
            ).json()
            let tensors = try storedTensors(inFile: box("out.safetensors"))
            let logits = try #require(tensors["logits"])
            #expect(tensors.count == 1 && logits.dtype == "F32")
            #expect(logits.shape == [6, TinyModel.vocabulary])

            // The perplexity follows from the logits: the mean of the log of each next token's share.
            let values = try #require(logits.floats).map(Double.init)
            let next = [74, 103, 110, 110, 113]
            let losses = next.enumerated().map { row, token in
                let scores = values[row * TinyModel.vocabulary..<(row + 1) * TinyModel.vocabulary]
                let largest = scores.max() ?? 0
                let total = scores.reduce(0) { $0 + exp($1 - largest) }
                return log(total) + largest - values[row * TinyModel.vocabulary + token]
            }
            let expected = exp(losses.reduce(0, +) / 5)
            let found = try #require(report["perplexity"]?.number)
            // The product sums in float32, which keeps about seven digits.
            #expect(abs(found - expected) < 1e-4 * expected)
        }
    }

    @Test("a text is evaluated in windows, and one's own teacher is no distance away")
    func evaluatesText() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.add("text.txt", String(repeating: "The sea is wide. ", count: 10))
            let report = try await box.succeed(
                "evaluate model --text text.txt --sequence-length 32 --windows 4 --teacher model --json"
            ).json()
            #expect(report["text"] == "text.txt")
            #expect(report["windows"] == 4 && report["window_length"] == 32)
            #expect(report["kl"]?.number.map { abs($0) < 1e-6 } == true)
            #expect(report["top1_agreement"]?.number == 1)
            #expect(report["perplexity"] == report["teacher_perplexity"])
        }
    }

    @Test("a prompt is continued, and the same seed continues it the same way")
    func generates() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            let arguments = "generate folded --max-tokens 12 --temperature 1 --json --seed"
            func text(_ seed: Int) async throws -> JSON? {
                let report = try await box.succeed(
                    "\(arguments) \(seed)",
                    more: ["--prompt", "The sea is"]
                ).json()
                #expect(report["prompt"] == "The sea is")
                #expect((0...12).contains(report["tokens"]?.integer ?? -1))
                return report["text"]
            }
            let first = try await text(1)
            #expect(try await text(1) == first)
            #expect(try await text(2) != first)
            let plain = try await box.succeed(
                "generate folded --max-tokens 4",
                more: ["--prompt", "The sea is"]
            )
            #expect(plain.output.hasPrefix("The sea is"))
        }
    }
}
