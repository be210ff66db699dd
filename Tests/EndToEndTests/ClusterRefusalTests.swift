import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Tasks that cannot be trusted are named")
struct ClusterRefusalTests {
    /// A small model whose tasks are all done but the merge.
    private func withParts(_ body: (Sandbox) async throws -> Void) async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addText()
            try await box.succeed("quantize model folded \(clusterArguments) --engine tasks")
            for task in 0..<6 { try await box.succeed("job run folded.job --task \(task)") }
            try await body(box)
        }
    }

    @Test(
        "a merge says which files are missing, truncated, foreign or damaged, and what to run again"
    )
    func merge() async throws {
        try await withParts { box in
            let whole = try contents(of: box("folded.job"))
            func refuse(
                _ what: String,
                _ task: String = "block-1",
                _ change: () throws -> Void
            ) async throws {
                try change()
                let notes = try await box.fail("job merge folded.job")
                #expect(notes.contains("tasks/\(task).safetensors \(what)"), "\(notes)")
                #expect(notes.contains("job run WORKDIR --task \(task)"), "\(notes)")
                #expect(fileKind(box("folded")) == nil)
                try write(whole, to: box("folded.job"))
            }
            let file = box("folded.job/tasks/block-1.safetensors")
            let bytes = try readFile(file)
            try await refuse("is missing") { try removeAll(file) }
            try await refuse("is truncated or damaged") {
                try AtomicFile.write(Array(bytes.dropLast(100)), to: file)
            }
            try await refuse("is truncated or damaged") { try AtomicFile.write("", to: file) }
            try await refuse("is damaged") {
                // Behind the header, in the first tensor's data.
                let data = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
                try box.flip(
                    "folded.job/tasks/block-1.safetensors",
                    fromEnd: bytes.count - data - 2
                )
            }
            try await refuse("is foreign") {
                try AtomicFile.write(
                    readFile(box("folded.job/tasks/block-0.safetensors")),
                    to: file
                )
            }
            try await refuse("is missing", "hessian-2") {
                try removeAll(box("folded.job/tasks/hessian-2.safetensors"))
            }
            // Of another folder with the same work.
            try await box.succeed("quantize model other \(clusterArguments) --engine tasks")
            for task in 0..<6 { try await box.succeed("job run other.job --task \(task)") }
            try await refuse("is foreign") {
                try AtomicFile.write(
                    readFile(box("other.job/tasks/block-1.safetensors")),
                    to: file
                )
            }
            // A task that finds such a file does it again.
            try AtomicFile.write(Array(bytes.dropLast(100)), to: file)
            let status = try await box.run("job status folded.job")
            #expect(status.status == 1)
            #expect(status.output.contains("bad: tasks/block-1.safetensors"))
            try await box.succeed("job run folded.job --task block-1")
            try await box.succeed("job merge folded.job")
        }
    }

    @Test("a block says which slices it lacks, and which lie")
    func block() async throws {
        try await withParts { box in
            try removeAll(box("folded.job/tasks/block-0.safetensors"))
            let slice = "folded.job/tasks/hessian-1.safetensors"
            let bytes = try readFile(box(slice))
            // The moments of the first block's first input are the first of the file's data.
            let data = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
            try box.flip(slice, fromEnd: bytes.count - data - 2)
            var notes = try await box.fail("job run folded.job --task block-0")
            #expect(notes.contains("\(lastTwo(slice)) is damaged"), "\(notes)")
            #expect(notes.contains("--task hessian-1"), "\(notes)")
            try removeAll(box(slice))
            notes = try await box.fail("job run folded.job --task block-0")
            #expect(notes.contains("\(lastTwo(slice)) is missing"), "\(notes)")
            try await box.succeed("job run folded.job --task hessian-1")
            #expect(try readFile(box(slice)).count == bytes.count)
            try await box.succeed("job run folded.job --task block-0")
        }
    }

    private func lastTwo(_ path: String) -> String {
        pathParts(path).suffix(2).joined(separator: "/")
    }

    @Test("an original that changed between tasks is told by file or tensor")
    func changedSource() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addText()
            try await box.succeed("quantize model folded \(clusterArguments) --engine tasks")
            let weights = try readFile(box("model/model.safetensors"))
            let config = try readFile(box("model/config.json"))
            func refuse(_ what: String, _ task: String = "hessian-0") async throws {
                let notes = try await box.fail("job run folded.job --task \(task)")
                #expect(notes.contains("has changed since the work was planned"), "\(notes)")
                #expect(notes.contains(what), "\(notes)")
                try AtomicFile.write(weights, to: box("model/model.safetensors"))
                try AtomicFile.write(config, to: box("model/config.json"))
            }
            // The last tensor by name is the final norm, which only the merge reads.
            let norm = 32 * 4
            try box.flip("model/model.safetensors", fromEnd: norm + 2)
            try await refuse("tensor model.layers.1.self_attn.v_proj.weight")
            try AtomicFile.write(weights + [0], to: box("model/model.safetensors"))
            let notes = try await box.fail("job run folded.job --task hessian-0")
            #expect(notes.contains("model.safetensors"), "\(notes)")
            try AtomicFile.write(weights, to: box("model/model.safetensors"))
            let text = String(decoding: config, as: UTF8.self)
            try box.add("model/config.json", text.replacing("10000", with: "20000"))
            try await refuse("config.json")
            try removeAll(box("model/tokenizer.json"))
            try await refuse("tokenizer.json")
            try box.addModel()
            try moveFile(box("model"), to: box("moved"))
            let gone = try await box.fail("job run folded.job --task hessian-0")
            #expect(gone.contains("it is not there on"), "\(gone)")
            try moveFile(box("moved"), to: box("model"))
            for task in 0..<6 { try await box.succeed("job run folded.job --task \(task)") }
            try box.flip("model/model.safetensors", fromEnd: norm - 2)
            try await refuse("tensor model.norm.weight", "merge")
            try await box.succeed("job merge folded.job")
        }
    }

    @Test("other binaries, other plans and folders that are not shared are told apart")
    func strangers() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addText()
            try await box.succeed("quantize model folded \(clusterArguments) --engine tasks")
            var notes = try await box.fail("job run nowhere --task hessian-0")
            #expect(notes.contains("there is no plan in nowhere on "), "\(notes)")
            #expect(notes.contains("storage that every machine mounts"), "\(notes)")
            notes = try await box.fail(
                "job run folded.job --task hessian-0 --plan 0123456789abcdef"
            )
            #expect(notes.contains("expected 0123456789abcdef"), "\(notes)")
            notes = try await box.fail("job run folded.job --task hessian-9")
            #expect(notes.contains("hessian-0 to hessian-3, block-0 to block-1, merge"), "\(notes)")
            notes = try await box.fail("job run folded.job --task merge")
            #expect(notes.contains("merge needs 2 tasks that are not done"), "\(notes)")
            notes = try await box.fail("quantize model folded \(clusterArguments) --engine tasks")
            #expect(notes.contains("folded.job exists already"), "\(notes)")
            notes = try await box.fail(
                "quantize model folded \(clusterArguments) --engine tasks --resume --seed 2"
            )
            #expect(notes.contains("begun with seed 0, now it is 2"), "\(notes)")
            try await box.succeed(
                "quantize model folded \(clusterArguments) --engine tasks --resume"
            )
            notes = try await box.fail(
                "quantize model x \(clusterArguments) --engine tasks --targets original"
            )
            #expect(notes.contains("expected targets \"independent\""), "\(notes)")

            let plan = String(decoding: try readFile(box("folded.job/plan.json")), as: UTF8.self)
            let start = try #require(plan.range(of: "\"sha256\": \""))
            var other = plan
            let digit = plan[start.upperBound]
            other.replaceSubrange(
                start.upperBound...start.upperBound,
                with: digit == "0" ? "1" : "0"
            )
            try box.add("folded.job/plan.json", other)
            notes = try await box.fail("job run folded.job --task hessian-0")
            #expect(notes.contains("the plan was made by octavo "), "\(notes)")
            #expect(notes.contains("let all machines run the binary"), "\(notes)")
            try box.add("folded.job/plan.json", plan)
            try box.flip("folded.job/calibration.safetensors", fromEnd: 40)
            notes = try await box.fail("job run folded.job --task hessian-0")
            #expect(notes.contains("calibration.safetensors is truncated or damaged"), "\(notes)")
            #expect(notes.contains("plan anew"), "\(notes)")
            try box.add("folded.job/plan.json", String(plan.dropLast(40)))
            notes = try await box.fail("job run folded.job --task hessian-0")
            #expect(notes.contains("plan.json is damaged"), "\(notes)")
        }
    }

    @Test("without Slurm the engine says so, keeps the plan, and shows what it would do")
    func noSlurm() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addText()
            let dry = try await box.run(
                "quantize model folded \(clusterArguments) --engine slurm --dry-run --array-size 3",
                more: ["--sbatch", "--partition=long --comment='a b'"],
                environment: ["PATH": "/usr/bin:/bin"]
            )
            #expect(dry.status == 0, "\(dry.notes)")
            for text in [
                "/folded.job' --plan PLAN --task hessian-\"$SLURM_ARRAY_TASK_ID\"",
                "'--array=0-3%3'", "'--partition=long' '--comment=a b'", "'--cpus-per-task=2'",
                "\"--dependency=afterok:$hessian\"", "merge=$('sbatch'",
            ] { #expect(dry.output.contains(text), "\(text)\n\(dry.output)") }
            #expect(fileKind(box("folded.job")) == nil)
            let checked = try await box.shell("sh -n", input: dry.output)
            #expect(checked.status == 0, "\(checked.errors)")

            let binary = try binary()
            let missing = try await box.shell(
                "cd \"$1\" && PATH=/nonexistent \"$2\" quantize model folded \(clusterArguments) --engine slurm",
                box.path,
                binary
            )
            #expect(missing.status == 1, "\(missing.errors)")
            #expect(
                missing.errors.contains("there is no such program on PATH"),
                "\(missing.errors)"
            )
            #expect(missing.errors.contains("--engine tasks"), "\(missing.errors)")
            // What was planned can be done by others.
            try await box.succeed("job run folded.job")
        }
    }

    @Test(
        "options that make no sense together are refused",
        arguments: [
            "--array-size 3", "--dry-run", "--shared x", "--engine tasks --array-size 2",
            "--engine slurm --array-size 0", "--targets independent --slices 0", "--slices 3",
            "--rates x", "--engine cloud",
        ]
    )
    func usage(options: String) async throws {
        try await withSandbox { box in
            let finished = try await box.run("quantize model out --scheme 2x4g8 \(options)")
            #expect(finished.status == 64, "\(finished.notes)")
        }
    }
}
