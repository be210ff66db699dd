import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Measuring one layer")
struct BenchmarkTests {
    @Test("a made-up layer is measured, stage by stage, and the same seed gives the same loss")
    func madeUpLayer() async throws {
        try await withSandbox { box in
            let command =
                "benchmark quantize --rows 40 --columns 64 --scheme 2x4g8 --threads 1 --json"
            let first = try await box.succeed(command).json()
            let loss = try #require(first["relative_loss"]?.number)
            #expect(loss > 0 && loss < 0.5)
            #expect(first["outputs"]?.integer == 40 && first["inputs"]?.integer == 64)
            let stages = try #require(first["stages"]?.array)
            let seconds = stages.compactMap { $0["cpu_seconds"]?.number }.reduce(0, +)
            // Seconds are added up in another order.
            #expect(abs(seconds - (first["cpu_seconds"]?.number ?? 0)) < 1e-9)
            let reported = try #require(stages.last?["relative_loss"]?.number)
            // The quantizer's own reckoning is in single precision.
            #expect(abs(reported - loss) < 1e-3 * loss)
            let share = try #require(first["share_of_peak"]?.number)
            let peak = try #require(first["sgemm_peak_gigaflops"]?.number)
            #expect(share > 0 && peak > 0)
            let second = try await box.succeed(command).json()
            #expect(second["relative_loss"]?.number == loss)
            let text = try await box.succeed(command.replacing(" --json", with: ""))
            #expect(text.output.contains("refinement 1") && text.notes.isEmpty)
        }
    }

    @Test("steps of a tuning are measured on a made-up model and on one that is there")
    func tuningSteps() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            let made =
                "--width 64 --intermediate 64 --blocks 1 --vocabulary 64 --scheme 2x4g8"
            for (subject, update) in [
                (made, "both"), ("folded", "codebooks"), (made + " --memory 1KB", "both"),
                (made + " --precision single", "both"),
            ] {
                let command =
                    "benchmark tune \(subject) --update \(update) --steps 2 --batch-tokens 64 "
                    + "--sequence-length 16 --threads 1"
                let result = try await box.succeed(command + " --json").json()
                #expect(result["steps"] == 2 && result["tokens"] == 64)
                let rate = try #require(result["gigaflops"]?.number)
                #expect(try #require(result["sgemm_peak_gigaflops"]?.number) > 0)
                let peak = try #require(result["peak_gigaflops"]?.number)
                let share = try #require(result["share_of_peak"]?.number)
                #expect(rate > 0 && peak > 0 && abs(share - rate / peak) < 1e-9)
                if subject.hasSuffix("single") {
                    #expect(result["precision"] == "single")
                    #expect(result["sgemm_peak_gigaflops"] == result["peak_gigaflops"])
                }
                if subject.hasPrefix(made) {
                    // Four matrices of 64 x 64 and three of 64 x 64, six operations a weight and token, eight
                    // where there is no room for activations; as many of 16 places and 64 columns in attention;
                    // 4 of the head.
                    let isKept = !subject.hasSuffix("1KB")
                    #expect(result["kept_blocks"] == .integer(isKept ? 1 : 0))
                    let perToken = (isKept ? 6 : 8) * (7 * 4096 + 16 * 64) + 4 * 4096
                    let operations = Double(64 * perToken)
                    let seconds = try #require(result["cpu_seconds"]?.number)
                    #expect(abs(rate * seconds * 1e9 - operations) < 1e-6 * operations)
                }
                let text = try await box.succeed(command)
                #expect(text.output.contains("in a large product") && text.notes.isEmpty)
            }
            let refused = try await box.fail("benchmark tune folded --sequence-length 4096")
            #expect(refused.contains("longer than the model's context"))
            for usage in [
                "folded --width 64", "--width 100", "--steps 0", "folded --scheme 2x8g8",
                "--sequence-length 1",
            ] {
                let finished = try await box.run("benchmark tune " + usage)
                #expect(finished.status == 64 && finished.output.isEmpty)
            }
        }
    }

    @Test("loading tells its stages, in order, whatever the model is stored as")
    func loading() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.succeed("pack folded ready.aqlm --mapped")
            for model in ["folded", "ready.aqlm"] {
                let command = "benchmark load \(model) --tokens 3 --threads 2"
                let result = try await box.succeed(command + " --json").json()
                let stages = try #require(result["stages"]?.array)
                let names = ["opened", "ready", "first token", "token 3"]
                #expect(stages.compactMap { $0["stage"]?.string } == names)
                let seconds = stages.compactMap { $0["seconds"]?.number }
                #expect(seconds == seconds.sorted() && seconds.count == 4)
                #expect(stages.allSatisfy { ($0["peak_memory_bytes"]?.integer ?? 0) > 0 })
                let lines = try await box.succeed(command).output.split(separator: "\n")
                #expect(lines.map { String($0.prefix { $0 != ":" }) } == names)
            }
            let none = try await box.succeed("benchmark load folded --tokens 0 --json").json()
            #expect(none["stages"]?.array?.count == 2)
            #expect(try await box.run("benchmark load folded --tokens -1").status == 64)
            #expect(try await box.fail("benchmark load nothing").contains("nothing"))
        }
    }

    @Test(
        "the same seed gives the same losses at every stage, another seed others",
        arguments: ["quick", "standard", "max"],
        ["1x4g8", "2x4g8", "3x3g8"]
    )
    func isDeterministic(effort: String, scheme: String) async throws {
        try await withSandbox { box in
            let command =
                "benchmark quantize --rows 64 --columns 96 --scheme \(scheme) --effort \(effort) "
                + "--threads 2 --json --seed "
            func losses(_ seed: Int) async throws -> [Double] {
                let result = try await box.succeed(command + "\(seed)").json()
                return (result["stages"]?.array ?? []).compactMap { $0["relative_loss"]?.number }
            }
            let once = try await losses(3)
            #expect(once.count > 3)
            #expect(try await losses(3) == once)
            #expect(try await losses(4) != once)
        }
    }

    @Test(
        "wrong usage ends with 64",
        arguments: [
            "", "--scheme 2x8", "--scheme 2x8g8 --effort most", "--scheme 2x8g8 --rows 0",
            "--scheme 2x8g8 --columns 65537", "--scheme 2x8g8 --layer a --rows 8",
            "--scheme 2x8g8 --seed -1", "--scheme 2x8g8 --threads 0",
        ]
    )
    func wrongUsage(options: String) async throws {
        try await withSandbox { box in
            let finished = try await box.run("benchmark quantize " + options)
            #expect(finished.status == 64 && finished.output.isEmpty)
        }
    }

    /// Tensors of a file: name, shape and the value of all elements.
    typealias Tensors = [(name: String, shape: [Int], value: Float)]

    @Test("a layer that cannot be measured is refused by name")
    func refusals() async throws {
        let cases: [(Tensors, String)] = [
            ([("weight", [4, 8], 1)], "has no tensor hessian, only weight"),
            ([("hessian", [8, 8], 1)], "has no tensor weight"),
            (
                [("weight", [32], 1), ("hessian", [8, 8], 1)],
                "the tensor weight has the shape [32]"
            ),
            (
                [("weight", [4, 8], 1), ("hessian", [8, 16], 1)],
                "a Hessian for 8 inputs, expected 16"
            ),
            (
                [("weight", [4, 8], 1), ("hessian", [16, 16], 1)],
                "weights for 8 inputs, expected 16"
            ),
            ([("weight", [4, 12], 1), ("hessian", [12, 12], 1)], "do not divide 12 inputs"),
            (
                [("weight", [4, 8], .nan), ("hessian", [8, 8], 1)],
                "weights with numbers that are not finite"
            ),
            (
                [("weight", [4, 8], 1), ("hessian", [8, 8], .nan)],
                "a Hessian with numbers that are not finite"
            ),
            ([("weight", [4, 8], 1), ("hessian", [8, 8], 0)], "no input was ever active"),
        ]
        try await withSandbox { box in
            for (tensors, message) in cases {
                try Data(safetensors(tensors)).write(to: URL(fileURLWithPath: box("a.safetensors")))
                let finished = try await box.run(
                    "benchmark quantize --layer a.safetensors --scheme 2x8g8 --threads 1"
                )
                #expect(finished.status == 1 && finished.output.isEmpty)
                #expect(finished.errors.count == 1 && finished.notes.contains(message))
            }
            let missing = try await box.run(
                "benchmark quantize --layer b.safetensors --scheme 1x8g8"
            )
            #expect(missing.status == 1 && missing.errors.count == 1)
        }
    }

    /// A safetensors file of F32 tensors, byte by byte.
    private func safetensors(_ tensors: Tensors) -> [UInt8] {
        var (entries, data) = ([String](), [UInt8]())
        for tensor in tensors {
            let start = data.count
            for _ in 0..<tensor.shape.reduce(1, *) {
                withUnsafeBytes(of: tensor.value.bitPattern.littleEndian) { data += $0 }
            }
            entries.append(
                "\"\(tensor.name)\":{\"dtype\":\"F32\",\"shape\":\(tensor.shape),"
                    + "\"data_offsets\":[\(start),\(data.count)]}"
            )
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
    }
}
