import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

/// Runs where `make test-slurm` has started a Slurm: `SLURM_CONF` names its configuration.
///
/// One after the other: there are two processors for all of them.
@Suite(
    "Slurm runs the tasks",
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["OCTAVO_TEST_SLURM"] != nil)
)
struct SlurmClusterTests {
    private let environment = [
        "SLURM_CONF": ProcessInfo.processInfo.environment["SLURM_CONF"] ?? ""
    ]
    private let script = packageRoot + "/scripts/slurm-local.sh"

    @Test("a tiny model whole, followed to its end, in the bytes of one process")
    func wholeModel() async throws {
        try await withSandbox { box in
            try TinyModel.tall.write(to: box("model"))
            try box.addText()
            let arguments = clusterArguments.replacing("--threads 2", with: "--threads 1")
            try await box.succeed("quantize model one/folded \(arguments) --targets independent")
            let finished = try await box.succeed(
                "quantize model many/folded \(arguments) --engine slurm --array-size 2 --json",
                more: ["--sbatch", "--time=10 --comment='a b'"],
                environment: environment
            )
            try box.expectEqual("one/folded", "many/folded")
            #expect(try finished.json()["layers"]?.array?.count == 42)
            // The same display as of a single run.
            let stages = try finished.events().compactMap {
                $0["event"] == "stage" ? $0["stage"]?.string : nil
            }
            #expect(stages.contains("passing slices") || stages.contains("quantizing blocks"))
            #expect(stages.last == "merging")
        }
    }

    /// A model whose blocks take a second or so each, so that there is something to interrupt.
    private func addSlowModel(_ box: Sandbox) throws -> String {
        var model = TinyModel()
        (model.hidden, model.intermediate, model.layers, model.heads) = (128, 384, 4, 4)
        try model.write(to: box("model"))
        try box.addText()
        return "--scheme 2x8g8 --tokens 8192 --sequence-length 64 --threads 1 --effort max "
            + "--calibration text.txt"
    }

    @Test("tasks cancelled and killed at random, and a controller that is gone for a while")
    func survives() async throws {
        try await withSandbox { box in
            let arguments = try addSlowModel(box)
            try await box.succeed("quantize model one/folded \(arguments) --targets independent")
            try await box.succeed("quantize model many/folded \(arguments) --engine tasks")
            var generator = SeededGenerator(seed: UInt64(ProcessTime().wall))
            var hits = 0
            for round in 0..<12 {
                let finished = try await box.run(
                    "job submit many/folded.job --detach --json",
                    environment: environment
                )
                try #require(finished.status == 0, "\(finished.notes)")
                // In the later rounds all is left alone, so that there is an end.
                if round < 2 { hits += try await disturb(box, round, &generator) }
                let waited = try await box.run(
                    "job wait many/folded.job",
                    environment: environment
                )
                if waited.status == 0 { break }
                // What the jobs did not do is named.
                #expect(waited.notes.contains("not all tasks are done"), "\(waited.notes)")
                #expect(
                    waited.notes.contains("block-") || waited.notes.contains("hessian-")
                        || waited.notes.contains("merge"),
                    "\(waited.notes)"
                )
            }
            #expect(hits > 0)
            try box.expectEqual("one/folded", "many/folded")
            let status = try await box.succeed("job status many/folded.job --check")
            #expect(status.output.contains("all tasks are done"))
        }
    }

    /// Cancels and kills some tasks, and lets the controller be gone for a while.
    ///
    /// - Returns: How many tasks were cancelled or killed.
    private func disturb(_ box: Sandbox, _ round: Int, _ generator: inout SeededGenerator)
        async throws -> Int
    {
        let configuration = environment["SLURM_CONF"] ?? ""
        var hits = 0
        for _ in 0..<6 {
            let pause = Double.random(in: 0.1...0.6, using: &generator)
            try await Task.sleep(for: .seconds(pause))
            let isCancelled = Int.random(in: 0..<3, using: &generator) == 0
            let answer =
                isCancelled
                // Some task of those that run or wait.
                ? try await box.shell(
                    "export SLURM_CONF=\"$1\"; id=$(squeue --noheader --array --format=%i | shuf -n 1); "
                        + "[ -z \"$id\" ] || { scancel \"$id\" && echo hit; }",
                    configuration
                )
                // Only processes of this folder: others may run the same program.
                : try await box.shell(
                    "for p in /proc/[0-9]*; do "
                        + "tr '\\0' ' ' <\"$p/cmdline\" 2>/dev/null | grep -qF \"$1\" && "
                        + "[ \"$(cat \"$p/comm\" 2>/dev/null)\" = octavo ] && "
                        + "kill -9 \"${p#/proc/}\" && echo hit && break; done; true",
                    "job run \(resolved(box.path))/many/folded.job"
                )
            if answer.output.contains("hit") { hits += 1 }
        }
        if round == 1 {
            let restarted = try await box.shell(
                "OCTAVO_SLURM=$(dirname \"$2\") \"$1\" restart-controller",
                script,
                configuration
            )
            #expect(restarted.status == 0, "\(restarted.errors)")
        }
        return hits
    }

    /// A path as processes see it that were started elsewhere.
    private func resolved(_ path: String) -> String {
        "/" + pathParts(path).joined(separator: "/")
    }

    @Test("an interrupt detaches, status tells, cancel ends, and submit goes on")
    func detaches() async throws {
        try await withSandbox { box in
            let arguments = try addSlowModel(box)
            try await box.succeed("quantize model one/folded \(arguments) --targets independent")
            // An interrupt once the jobs are submitted.
            let detached = try await box.run(
                "quantize model many/folded \(arguments) --engine slurm",
                environment: environment,
                prelude: """
                    :; "$@" & process=$!
                    until [ -e many/folded.job/jobs.json ] || [ ! -e /proc/$process/exe ]; do sleep 0.1; done
                    sleep 1; kill -INT $process; wait $process; exit $?;
                    """
            )
            #expect(detached.status == 130, "\(detached.notes)")
            #expect(detached.notes.contains("detached; the jobs go on"), "\(detached.notes)")
            let status = try await box.run(
                "job status many/folded.job --json",
                environment: environment
            ).json()
            #expect(status["under_way"] == true)
            let cancelled = try await box.succeed(
                "job cancel many/folded.job",
                environment: environment
            )
            #expect(cancelled.output.contains("cancelled job"))
            let waited = try await box.fail(
                "job wait many/folded.job",
                environment: environment
            )
            #expect(waited.contains("not all tasks are done"), "\(waited)")
            try await box.succeed("job submit many/folded.job", environment: environment)
            try box.expectEqual("one/folded", "many/folded")
            let nothing = try await box.succeed(
                "job submit many/folded.job --detach",
                environment: environment
            )
            #expect(nothing.output.contains("nothing to submit"))
        }
    }

    @Test("a task whose disk is full fails by name, and is done when there is room")
    func fullDisk() async throws {
        try await withSandbox { box in
            try TinyModel.tall.write(to: box("model"))
            try box.addText()
            let arguments = clusterArguments.replacing("--threads 2", with: "--threads 1")
            try await box.succeed("quantize model one/folded \(arguments) --targets independent")
            try await box.succeed("quantize model many/folded \(arguments) --engine tasks")
            // The limit goes with the job, as the environment does.
            let failed = try await box.run(
                "job submit many/folded.job",
                environment: environment,
                prelude: box.fileLimit(blocks: 24)
            )
            #expect(failed.status == 1)
            #expect(failed.notes.contains("cannot write"), "\(failed.notes)")
            #expect(failed.notes.contains("hessian-"), "\(failed.notes)")
            let left = try directoryEntries(box("many/folded.job/tasks"))
            #expect(left.allSatisfy { !$0.hasSuffix(".safetensors") }, "\(left)")
            try await box.succeed("job submit many/folded.job", environment: environment)
            try box.expectEqual("one/folded", "many/folded")
        }
    }

    @Test("what sbatch refuses is told, and nothing stays submitted")
    func refusedOptions() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addText()
            let notes = try await box.fail(
                "quantize model folded \(clusterArguments) --engine slurm",
                more: ["--sbatch", "--partition=nowhere"],
                environment: environment
            )
            #expect(notes.contains("sbatch: "), "\(notes)")
            #expect(notes.contains("nowhere") || notes.contains("partition"), "\(notes)")
            #expect(fileKind(box("folded.job/jobs.json")) == nil)
        }
    }

    /// The first eight blocks of a real model, where `OCTAVO_SMOLLM2` names it.
    @Test(
        "eight blocks of a real language model",
        .enabled(if: ProcessInfo.processInfo.environment["OCTAVO_SMOLLM2"] != nil && Shared.isHere)
    )
    func realBlocks() async throws {
        let model = try #require(ProcessInfo.processInfo.environment["OCTAVO_SMOLLM2"])
        try await withSandbox { box in
            var arguments =
                "--scheme 2x8g8 --effort quick --tokens 8192 --threads 1 --calibration "
                + Shared.path("data/calibration/wiki.txt") + " --except model.layers.*=dense"
            for block in 0..<8 { arguments += " --except model.layers.\(block).*=2x8g8" }
            try await box.succeed(
                "quantize \(model) one/folded \(arguments) --targets independent"
            )
            try await box.succeed(
                "quantize \(model) many/folded \(arguments) --engine slurm",
                environment: environment
            )
            try box.expectEqual("one/folded", "many/folded")
        }
    }
}
