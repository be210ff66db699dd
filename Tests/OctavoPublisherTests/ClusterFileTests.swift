import OctavoBase
import OctavoCheckpoint
import OctavoModel
@testable import OctavoPublisher
import OctavoNumerics
import OctavoQuantizer
import OctavoTestSupport
import Testing

@Suite("Files of tasks and plans")
struct ClusterFileTests {
    private static let task = ClusterTask(.block, 3)

    private func write(_ path: String) throws {
        try TaskFileWriter.write(
            [
                "a": StoredValues(.f32, [3], [Float(1), 2, 3].byteArray),
                "b": StoredValues(.u16, [2], [UInt16(7), 9].byteArray),
            ],
            to: path,
            plan: "plan-1",
            task: "block-3",
            facts: ["x"]
        )
    }

    private func open(_ path: String, plan: String = "plan-1", label: String = "block-3")
        throws(TaskFileProblem) -> ClusterTaskFile
    {
        try ClusterTaskFile(path, as: Self.task, named: "tasks/f", plan: plan, label: label)
    }

    @Test("what was written is read, and is sealed")
    func roundTrip() async throws {
        try await withTemporaryDirectory { directory in
            let path = joined(directory, "f.safetensors")
            try write(path)
            let file = try open(path)
            #expect(file.facts == ["x"])
            #expect(try file.tensor("a").floats() == [1, 2, 3])
            #expect(try file.tensor("b").integers() == [7, 9])
            try file.checkAll()
            #expect(try directoryEntries(directory) == ["f.safetensors"])
            #expect(throws: TaskFileProblem.self) { try file.tensor("c") }
        }
    }

    /// Every way in which a file can lie: cut off anywhere, any byte of its tensors or its record changed, or somebody
    /// else's.
    @Test("a file that lies is refused by what is wrong with it")
    func refusesLies() async throws {
        try await withTemporaryDirectory { directory in
            let path = joined(directory, "f.safetensors")
            try write(path)
            let bytes = try readFile(path)
            for length in stride(from: 0, to: bytes.count, by: 37) {
                try AtomicFile.write(Array(bytes.prefix(length)), to: path)
                let problem = #expect(throws: TaskFileProblem.self) { _ = try open(path) }
                guard case .unreadable = problem?.kind else {
                    Issue.record("cut at \(length): \(String(describing: problem))")
                    continue
                }
            }
            let data = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
            for at in [data, data + 11, data + 12, data + 15] {
                var changed = bytes
                changed[at] ^= 1
                try AtomicFile.write(changed, to: path)
                let file = try open(path)
                let problem = #expect(throws: TaskFileProblem.self) { try file.checkAll() }
                #expect(problem?.kind == .damaged(tensor: at < data + 12 ? "a" : "b"))
            }
            for at in stride(from: data + 16, to: bytes.count, by: 97) {
                var changed = bytes
                changed[at] ^= 1
                try AtomicFile.write(changed, to: path)
                let problem = #expect(throws: TaskFileProblem.self) { _ = try open(path) }
                #expect(problem?.kind == .unreadable("its record is not sealed"))
            }
            try AtomicFile.write(bytes, to: path)
            let otherPlan = #expect(throws: TaskFileProblem.self) {
                _ = try open(path, plan: "plan-2")
            }
            #expect(
                otherPlan?.kind == .foreign(found: "plan plan-1", expected: "plan plan-2")
            )
            let otherTask = #expect(throws: TaskFileProblem.self) {
                _ = try open(path, label: "block-4")
            }
            #expect(
                otherTask?.kind == .foreign(found: "task block-3", expected: "task block-4")
            )
            let missing = #expect(throws: TaskFileProblem.self) { _ = try open(path + "x") }
            #expect(missing?.kind == .missing)
            #expect(missing?.description == "tasks/f is missing")
        }
    }

    private func plan() throws -> ClusterPlan {
        var request = QuantizationRequest(
            scheme: try #require(Scheme("2x8g8")),
            text: .files(["a b.txt", "ü\"'.txt"]),
            tokens: 1000,
            sequenceLength: 10,
            seed: 5,
            threads: 3
        )
        (request.effort, request.targets, request.slices) = (.max, .independent, 4)
        request.precision = .single
        request.exceptions = try [#require(LayerException("*.down_proj=dense"))]
        request.embeddings = EmbeddingEncoding("5x8g16")
        request.isCanonical = true
        return ClusterPlan(
            request: request,
            model: "/m",
            output: "/o.aqlm",
            sources: [FileRecord(path: "config.json", size: 5, digest: Digest(of: "c"))],
            tensors: ["t": Digest(of: "t")],
            slices: 4,
            blocks: [0, 2],
            binary: BinaryIdentity(version: "1", digest: Digest(of: "b")),
            work: "0123"
        )
    }

    @Test("a plan is read as it was written, and its name is that of its bytes")
    func plansAreRead() throws {
        let plan = try plan()
        let read = try ClusterPlan(parsing: Array(plan.text.utf8), path: "plan.json")
        #expect(read.text == plan.text)
        #expect(read.request.precision == .single)
        #expect(read.id == plan.id)
        #expect(plan.id == String(Digest(of: plan.text).hex.prefix(32)))
        #expect(
            plan.tasks.map(\.description) == [
                "hessian-0", "hessian-1", "hessian-2", "hessian-3", "embedding", "block-0",
                "block-2", "merge",
            ]
        )
        #expect(try plan.task("6") == ClusterTask(.block, 2))
        #expect(try plan.task("block-2") == ClusterTask(.block, 2))
        for name in ["block-1", "8", "-1", "text", "hessian-4", "merge-0", ""] {
            #expect(throws: ClusterError.self) { try plan.task(name) }
        }
        #expect(
            plan.needs(of: ClusterTask(.merge)).map(\.phase) == [.embedding, .block, .block]
        )
    }

    /// Each member taken away, or replaced by something of another type.
    @Test("a plan that lacks something is refused")
    func refusesBadPlans() throws {
        let json = try #require(JSON(parsing: Array(plan().text.utf8)).object)
        func refuse(_ json: JSONObject, _ what: String) {
            #expect(throws: ClusterError.self, "\(what)") {
                try ClusterPlan(
                    parsing: Array(JSON.object(json).text().utf8),
                    path: "plan.json"
                )
            }
        }
        for key in json.keys {
            for value in [nil, JSON.null, 17, "x", ["y"]] as [JSON?] {
                // Any text may be a place or a name.
                if ["work", "model", "output"].contains(key), value == "x" { continue }
                var changed = json
                changed[key] = value
                refuse(changed, "\(key) \(String(describing: value))")
            }
        }
        let request = try #require(json["request"]?.object)
        for key in request.keys {
            var lacking = request
            lacking[key] = nil
            var changed = json
            changed["request"] = .object(lacking)
            refuse(changed, key)
        }
        for (key, value) in [
            ("tokens", 0), ("slices", -1), ("threads", 0), ("scheme", "9x9"), ("effort", "huge"),
            ("precision", "double"),
            ("exceptions", ["x"]), ("embeddings", "x"), ("calibration", [1]),
        ] as [(String, JSON)] {
            var lying = request
            lying[key] = value
            var changed = json
            changed["request"] = .object(lying)
            refuse(changed, key)
        }
        var more = json
        more["slices"] = 5
        refuse(more, "more slices than asked for")
        #expect(throws: ClusterError.self) {
            try ClusterPlan(parsing: Array("{\"format\":".utf8), path: "plan.json")
        }
    }
}
