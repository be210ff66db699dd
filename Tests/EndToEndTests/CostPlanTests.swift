import OctavoBase
import OctavoTestSupport
import Testing

@Suite("What a run will take is told before it begins")
struct CostPlanTests {
    @Test("from config.json alone, by rates of this machine or of another")
    func plans() async throws {
        try await withSandbox { box in
            try box.addModel("whole")
            try makeDirectory(box("model"))
            try AtomicFile.write(readFile(box("whole/config.json")), to: box("model/config.json"))
            let arguments =
                "--scheme 2x4g8 --tokens 8192 --sequence-length 64 --effort quick --plan"
            let measured = try await box.succeed("quantize model \(arguments) --json")
            let plan = try measured.json()
            #expect(try #require(plan["cpu_seconds"]?.number) > 0)
            let tasks = try #require(plan["tasks"]?.array)
            #expect(
                tasks.compactMap { $0["phase"]?.string } == ["text", "hessian", "block", "merge"]
            )
            #expect(tasks.compactMap { $0["count"]?.integer } == [1, 4, 2, 1])
            try box.add("rates.json", measured.output)
            let again = try await box.succeed(
                "quantize model \(arguments) --json --rates rates.json"
            ).json()
            #expect(again["cpu_seconds"] == plan["cpu_seconds"])
            #expect(again["nodes"] == plan["nodes"])
            let text = try await box.succeed(
                "quantize model \(arguments) --rates rates.json --engine slurm --array-size 5"
            )
            #expect(text.output.contains("GFLOP/s a thread"))
            #expect(try box.entries(except: ["whole", "model", "rates.json"]) == [])
            try box.add("rates.json", "{\"rate\": {\"products\": -1}}")
            let notes = try await box.fail(
                "quantize model \(arguments) --rates rates.json"
            )
            #expect(notes.contains("rates.json has no rates"), "\(notes)")
        }
    }
}
