import Foundation
import OctavoBase
@testable import OctavoPublisher
import OctavoTestSupport
import Synchronization
import Testing

@Suite("What Slurm is told, and what it says")
struct SlurmTests {
    @Test(
        "words are taken apart as a shell does, and nothing in them is replaced",
        arguments: [
            ("", []), ("  ", []), ("--partition=long --time=1", ["--partition=long", "--time=1"]),
            ("--comment='a b'", ["--comment=a b"]), ("-C \"x y\" z", ["-C", "x y", "z"]),
            ("a\\ b", ["a b"]), ("'\\'", ["\\"]), ("''", [""]),
            ("$(id) `id` $HOME *", ["$(id)", "`id`", "$HOME", "*"]),
            ("--comment=\"it's\"", ["--comment=it's"]),
            ("'open", nil), ("\"open", nil), ("end\\", nil),
        ] as [(String, [String]?)]
    )
    func words(text: String, expected: [String]?) {
        #expect(SlurmOptions.words(of: text) == expected)
    }

    @Test(
        arguments: [
            ([0], "0"), ([0, 1, 2], "0-2"), ([5, 1, 2], "1-2,5"), ([1, 3, 5], "1,3,5"),
        ]
    )
    func ranges(numbers: [Int], expected: String) {
        #expect(WorkDirectory.ranges(numbers) == expected)
    }

    /// A shell of the machine says whether a word comes through as it is.
    @Test(arguments: ["a b", "it's", "$(touch x)`id`", "\\", "\"", "ü;&|<>", "-n", "''"])
    func shellTakesQuotedWords(word: String) throws {
        let answer = try CommandRunner.system.run([
            "sh", "-c", "printf %s " + shellQuoted(word),
        ])
        #expect(answer.output == word)
    }

    @Test("a program that is not there is told by its name")
    func missingProgram() throws {
        let answer = try CommandRunner.system.run(["no-such-program-anywhere"])
        #expect(answer.status == 127)
        let slurm = Slurm(CommandRunner { _ in CommandRunner.Answer(status: 127) })
        #expect(
            throws: ClusterError.scheduler(
                program: "sbatch",
                "there is no such program on PATH"
            )
        ) { try slurm.submit(["sbatch"]) }
    }

    /// More than a pipe holds, on both.
    @Test
    func longAnswersComeThrough() throws {
        let answer = try CommandRunner.system.run([
            "sh", "-c", "yes | head -c 300000; yes n | head -c 300000 >&2; exit 3",
        ])
        #expect(answer.status == 3)
        #expect(answer.output.utf8.count == 300_000 && answer.errors.utf8.count == 300_000)
    }

    @Test("states are read from the queue, and from accounts what the queue forgot")
    func states() throws {
        let jobs = [
            SubmittedJob(phase: .hessian, id: 4, tasks: [0, 1, 2]),
            SubmittedJob(phase: .merge, id: 6, tasks: [0]),
        ]
        let slurm = Slurm(
            CommandRunner { words in
                switch words[0] {
                case "squeue":
                    CommandRunner.Answer(
                        status: 0,
                        output: "4_0|RUNNING|None\n4_1|PENDING|Priority\n"
                            + "6|PENDING|DependencyNeverSatisfied\n9_9|RUNNING|None\nnonsense\n"
                    )
                case "sacct":
                    CommandRunner.Answer(
                        status: 0,
                        output: "4_0|PENDING|0:0\n4_2|CANCELLED by 7|0:9\n"
                    )
                default: CommandRunner.Answer(status: 127)
                }
            }
        )
        let states = try slurm.states(of: jobs)
        #expect(states.count == 4)
        #expect(states[ClusterTask(.hessian, 0)]?.name == "RUNNING")
        #expect(states[ClusterTask(.hessian, 1)]?.isOpen == true)
        #expect(states[ClusterTask(.hessian, 2)] == Slurm.State(name: "CANCELLED", reason: "0:9"))
        #expect(states[ClusterTask(.hessian, 2)]?.isOpen == false)
        #expect(states[ClusterTask(.merge)]?.waitsInVain == true)
    }

    @Test("jobs that ended long ago are no error, a controller that does not answer is")
    func silence() throws {
        let jobs = [SubmittedJob(phase: .merge, id: 6, tasks: [0])]
        func slurm(_ errors: String) -> Slurm {
            Slurm(
                CommandRunner { words in
                    CommandRunner.Answer(status: words[0] == "squeue" ? 1 : 127, errors: errors)
                }
            )
        }
        let forgotten = slurm("slurm_load_jobs error: Invalid job id specified\n")
        #expect(try forgotten.states(of: jobs).isEmpty)
        #expect(throws: ClusterError.self) {
            try slurm("Unable to contact slurm controller (connect failure)\n").states(of: jobs)
        }
    }

    @Test(arguments: [
        ("17\n", 17), ("17;cluster\n", 17), ("Submitted batch job 17", nil), ("", nil),
    ])
    func jobNumbers(answer: String, expected: Int?) throws {
        let slurm = Slurm(CommandRunner { _ in CommandRunner.Answer(status: 0, output: answer) })
        if let expected {
            #expect(try slurm.submit(["sbatch"]) == expected)
        } else {
            #expect(throws: ClusterError.self) { try slurm.submit(["sbatch"]) }
        }
    }

    @Test("rates are those that explain what two layers took")
    func rates() {
        // 1e10 products at 5e9 and 2e9 searches at 1e9, and so on.
        let found = layerRates([(1e10, 2e9, 4), (3e10, 1e9, 7)])
        #expect(abs(found.solving - 5e9) < 1 && abs(found.searching - 1e9) < 1)
        // No two rates explain that more products take less: one for all.
        let noisy = layerRates([(1e10, 2e9, 4), (3e10, 2e9, 3)])
        #expect(noisy.solving == noisy.searching)
        #expect(abs(noisy.solving - 4.4e10 / 7) < 1)
    }

    @Test(
        "tasks on nodes take as many rounds as it takes",
        arguments: [(1, 40.0), (3, 20), (4, 20), (8, 10)]
    )
    func nodes(nodes: Int, seconds: Double) {
        let cost = TaskCost(
            phase: .block,
            count: 8,
            cpuSeconds: 10,
            peakMemory: 0,
            bytesRead: 0,
            bytesWritten: 0
        )
        let rounds = Double((8 + nodes - 1) / nodes)
        #expect(wallSeconds([cost], nodes: nodes, threads: 2) == rounds * 5)
        #expect(wallSeconds([cost], nodes: nodes, threads: 2) <= seconds)
    }
}
