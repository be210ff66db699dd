import OctavoBase
import OctavoTestSupport
import Testing

/// Both folders are called `folded`, as the card is.
@Suite("Tasks of many processes give the bytes of one")
struct ClusterTests {
    @Test("in one process, task by task", arguments: [0, 3])
    func equalsOneProcess(experts: Int) async throws {
        try await withSandbox { box in
            var model = TinyModel.small
            model.experts = experts
            try model.write(to: box("model"))
            try box.addText()
            try await box.succeed(
                "quantize model one/folded \(clusterArguments) --targets independent"
            )
            try await box.succeed("quantize model many/folded \(clusterArguments) --engine tasks")
            let finished = try await box.succeed("job run many/folded.job --json")
            let tasks = try #require(try finished.json()["tasks"]?.array)
            #expect(
                tasks.compactMap { $0["task"]?.string } == [
                    "hessian-0", "hessian-1", "hessian-2", "hessian-3", "block-0", "block-1",
                    "merge",
                ]
            )
            try box.expectEqual("one/folded", "many/folded")
            let status = try await box.succeed("job status many/folded.job --check --json").json()
            #expect(status["done"] == true)
            // Once more, and nothing happens.
            let before = try contents(of: box("many"))
            let again = try await box.succeed("job run many/folded.job --task block-1 --json")
            #expect(try again.json()["tasks"]?.array?.first?["was_done"] == true)
            #expect(try contents(of: box("many")) == before)
            // The same artifact as any other.
            try await box.succeed("verify many/folded")
        }
    }

    @Test(
        "by make, with text of its own, embeddings in a container, and a path that a shell would take apart"
    )
    func equalsByMake() async throws {
        try await withSandbox { box in
            try box.addModel()
            let arguments =
                "--scheme 2x4g8 --tokens 4096 --sequence-length 64 --threads 2 --effort quick "
                + "--slices 2 --embeddings 2x4g8 --canonical --except model.layers.0.mlp.up_proj=dense"
            try await box.succeed(
                "quantize model one/folded.aqlm --targets independent \(arguments)"
            )
            let odd = "ma ny'$(touch oops)#%1"
            try makeDirectory(box(odd))
            try await box.succeed(
                "quantize model --engine tasks \(arguments)",
                more: [joined(odd, "folded.aqlm")]
            )
            let folder = joined(odd, "folded.aqlm.job")
            let made = try await box.shell("make -s -j 3 -C \"$1\"", folder)
            #expect(made.status == 0, "\(made.errors)")
            #expect(
                try readFile(box("one/folded.aqlm"))
                    == readFile(box(joined(odd, "folded.aqlm")))
            )
            #expect(fileKind(box("oops")) == nil && fileKind(box(joined(folder, "oops"))) == nil)
            // What a node would run, by a task that is done.
            let script = try await box.shell(
                "SLURM_ARRAY_TASK_ID=1 sh \"$1/slurm/block.sh\"",
                folder
            )
            #expect(script.status == 0, "\(script.errors)")
            #expect(script.output.contains("block-1 was done already"))
        }
    }

    @Test(
        "killed at any moment, tasks go on and end in the same bytes",
        arguments: [
            "hessian-1.safetensors", "block-0.", "block-1.safetensors", "merge",
        ]
    )
    func survivesKilling(moment: String) async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addText()
            try await box.succeed(
                "quantize model one/folded \(clusterArguments) --targets independent"
            )
            try await box.succeed("quantize model many/folded \(clusterArguments) --engine tasks")
            for milliseconds in [5, 20, 60, 120, 200] {
                try await box.kill("job run many/folded.job", after: milliseconds)
            }
            // As soon as something of this name begins to be there.
            let watched = "many/folded.job/tasks/\(moment)"
            try await box.run("job run many/folded.job", killedOnceAny: watched)
            try await box.succeed("job run many/folded.job")
            try box.expectEqual("one/folded", "many/folded")
            // Nothing is left of what was killed.
            let left = try directoryEntries(box("many/folded.job/tasks"))
            #expect(left.allSatisfy { $0.hasSuffix(".safetensors") }, "\(left)")
        }
    }

    @Test("a task that several processes do at once is done once for all of them")
    func atOnce() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addText()
            try await box.succeed(
                "quantize model one/folded \(clusterArguments) --targets independent"
            )
            try await box.succeed("quantize model many/folded \(clusterArguments) --engine tasks")
            for task in ["hessian-0", "hessian-1", "hessian-2", "hessian-3", "block-0", "block-1"] {
                let finished = try await box.run(
                    "job run many/folded.job --task \(task)",
                    prelude: """
                        :; "$@" & first=$!; "$@" & second=$!; "$@" & third=$!
                        wait $first && wait $second && wait $third; exit $?;
                        """
                )
                #expect(finished.status == 0, "\(finished.notes)")
            }
            try await box.succeed("job merge many/folded.job")
            try box.expectEqual("one/folded", "many/folded")
        }
    }

    @Test("a merge that ended before it could tell is not done again")
    func mergesOnce() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addText()
            try await box.succeed("quantize model folded \(clusterArguments) --engine tasks")
            try await box.succeed("job run folded.job")
            let before = try contents(of: box("folded"))
            try removeAll(box("folded.job/tasks/merge.safetensors"))
            try await box.succeed("job merge folded.job")
            #expect(try contents(of: box("folded")) == before)
            // What is there and is not of these parts stays.
            try removeAll(box("folded.job/tasks/merge.safetensors"))
            try box.flip("folded/octavo.json", fromEnd: 3)
            let notes = try await box.fail("job merge folded.job")
            #expect(notes.contains("exists already"), "\(notes)")
        }
    }

    @Test("a disk that is full under one task leaves nothing of it, and the rest is as it was")
    func fullDisk() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addText()
            try await box.succeed(
                "quantize model one/folded \(clusterArguments) --targets independent"
            )
            try await box.succeed("quantize model many/folded \(clusterArguments) --engine tasks")
            for task in ["hessian-0", "hessian-1", "hessian-2", "hessian-3", "block-0"] {
                // 8 KB are less than any of them needs.
                let notes = try await box.fail(
                    "job run many/folded.job --task \(task)",
                    prelude: box.fileLimit(blocks: 16)
                )
                #expect(notes.contains("cannot write"), "\(notes)")
                let left = try directoryEntries(box("many/folded.job/tasks"))
                #expect(!left.contains { $0.hasPrefix(task) && $0.contains("safetensors") })
                try await box.succeed("job run many/folded.job --task \(task)")
            }
            try await box.succeed("job run many/folded.job")
            try box.expectEqual("one/folded", "many/folded")
        }
    }
}
