import OctavoBase
import OctavoModel
@testable import OctavoPublisher
import OctavoQuantizer
import OctavoTestSupport
import Testing

@Suite("The journal of a quantization")
struct JournalTests {
    /// What a run was begun with.
    private static let begun: JSON = .object([
        "octavo": "1.0.0", "scheme": "1x2g2", "tokens": 64, "seed": 0, "calibration": [],
    ])

    private func journal(
        _ output: String,
        _ identity: JSON = begun,
        resume: Bool,
        of model: TinyModel = .small
    ) throws -> FolderJournal {
        let scheme = try #require(Scheme("1x2g2"))
        return try FolderJournal(
            for: output,
            identity: identity,
            resume: resume,
            scheme: scheme,
            configuration: ModelConfiguration(json: model.config)
        )
    }

    @Test(
        "a run is gone on with only if nothing differs that could change the result",
        arguments: [
            (["octavo": "1.0.1"], "octavo", "\"1.0.0\"", "\"1.0.1\""),
            (["scheme": "2x2g2"], "scheme", "\"1x2g2\"", "\"2x2g2\""),
            (["tokens": 65], "tokens", "64", "65"), (["seed": 1], "seed", "0", "1"),
            (["calibration": ["ab"]], "calibration", "[]", "[\"ab\"]"),
            // What an older run did not record was not the same either.
            (["threads": 2], "threads", "unset", "2"),
        ] as [([String: JSON], String, String, String)]
    )
    func comparesArguments(change: [String: JSON], argument: String, began: String, now: String)
        async throws
    {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out")
            _ = try journal(output, resume: false)
            var identity = Self.begun.object ?? JSONObject()
            for (key, value) in change { identity[key] = value }
            #expect(throws: ResumeError.differs(argument: argument, began: began, now: now)) {
                try journal(output, .object(identity), resume: true)
            }
            _ = try journal(output, resume: true)
        }
    }

    @Test("resumption is asked for where there is work, and only there")
    func demandsTheFlag() async throws {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out/")
            let path = joined(directory, "out.partial")
            #expect(throws: ResumeError.nothing(path)) { try journal(output, resume: true) }
            _ = try journal(output, resume: false)
            #expect(throws: OutputError.unfinished(path)) { try journal(output, resume: false) }
            try AtomicFile.write("{", to: joined(path, "journal.json"))
            #expect(throws: ResumeError.damaged(joined(path, "journal.json"))) {
                try journal(output, resume: true)
            }
            // What is no journal is swept away: a conversion was interrupted there.
            try removeAll(joined(path, "journal.json"))
            try AtomicFile.write("x", to: joined(path, "rest"))
            _ = try journal(output, resume: false)
            #expect(try directoryEntries(path) == [".octavo-lock", "journal.json"])
        }
    }

    @Test("calibration and blocks are read back as they were")
    func keepsWork() async throws {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out")
            let block = try Self.block()
            do {
                let journal = try journal(output, resume: false)
                #expect(try journal.calibration() == nil)
                #expect(try journal.block(0) == nil)
                // Sequences need not be of one length.
                try journal.keep(calibration: [[1, 2, 3], [257]])
                try journal.finish(block, index: 1)
            }
            let journal = try journal(output, resume: true)
            #expect(try journal.calibration() == [[1, 2, 3], [257]])
            #expect(try journal.block(0) == nil)
            let found = try #require(try journal.block(1))
            for name in LinearName.allCases {
                let (a, b) = (try #require(block[name]), try #require(found[name]))
                #expect(a.relativeLoss == b.relativeLoss && a.layer.codes == b.layer.codes)
                #expect(a.layer.codebooks == b.layer.codebooks && a.layer.scales == b.layer.scales)
            }
        }
    }

    @Test("a block for another shape of layer is refused")
    func refusesOtherShapes() async throws {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out")
            do { try journal(output, resume: false).finish(try Self.block(), index: 0) }
            var wider = TinyModel.small
            wider.intermediate = 128
            let journal = try journal(output, resume: true, of: wider)
            #expect(throws: (any Error).self) { try journal.block(0) }
        }
    }

    @Test("one process at a time works on an output")
    func locks() async throws {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out")
            let journal = try journal(output, resume: false)
            #expect(throws: OutputError.inUse(output + ".partial")) {
                try self.journal(output, resume: true)
            }
            #expect(try journal.calibration() == nil)
        }
    }

    @Test("a journal in which nothing was done is not kept, one with work in it is")
    func discardsNothing() async throws {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out")
            try journal(output, resume: false).discardIfEmpty()
            #expect(fileKind(output + ".partial") == nil)
            let journal = try journal(output, resume: false)
            try journal.keep(calibration: [[1]])
            try journal.discardIfEmpty()
            #expect(try journal.calibration() == [[1]])
        }
    }

    /// A block of numbers that halves hold exactly, different everywhere.
    private static func block() throws -> QuantizedBlock {
        let configuration = try ModelConfiguration(json: TinyModel.small.config)
        let scheme = try #require(Scheme("1x2g2"))
        var block: QuantizedBlock = [:]
        for (index, name) in LinearName.allCases.enumerated() {
            let (outputs, inputs) = name.shape(in: configuration)
            let groups = inputs / scheme.groupSize
            let layer = try AdditiveLayer(
                scheme: scheme,
                outputs: outputs,
                inputs: inputs,
                codes: (0..<outputs * groups).map { UInt16(($0 * 7 + index) % 4) },
                codebooks: (0..<8).map { Float($0 * 3 - index) / 8 },
                scales: (0..<outputs).map { Float($0 + 1) / 64 }
            )
            block[name] = QuantizedLinear(layer: layer, relativeLoss: Float(index) / 10)
        }
        return block
    }
}
