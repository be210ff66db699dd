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

    @Test("calibration and linears are read back as they were")
    func keepsWork() async throws {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out")
            let linears = try Self.linears()
            do {
                let journal = try journal(output, resume: false)
                #expect(try journal.calibration() == nil)
                #expect(try journal.linear(.upProjection, block: 0) == nil)
                // Sequences need not be of one length.
                try journal.keep(calibration: [[1, 2, 3], [257]])
                for (name, linear) in linears { try journal.keep(linear, name, block: 1) }
            }
            let journal = try journal(output, resume: true)
            #expect(try journal.calibration() == [[1, 2, 3], [257]])
            for name in linears.keys {
                #expect(try journal.linear(name, block: 0) == nil)
                #expect(try journal.linear(name, block: 1) == linears[name])
            }
        }
    }

    @Test("tuned blocks are read back with the codes of their linears")
    func keepsTunedBlocks() async throws {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out")
            let linears = try Self.linears()
            var tuned = TunedParameters(
                layers: [:],
                norms: [
                    .attentionInput: (0..<32).map { Float($0) / 7 },
                    .feedForwardInput: (0..<32).map { 1e-20 * Float($0) },
                ],
                biases: [:]
            )
            for (name, linear) in linears {
                let layer = linear.layer
                tuned.layers[name] = try AdditiveLayer(
                    scheme: layer.scheme,
                    outputs: layer.outputs,
                    inputs: layer.inputs,
                    codes: layer.codes,
                    codebooks: layer.codebooks.map { $0 + 0.1 },
                    scales: layer.scales.map { $0 / 3 }
                )
            }
            do {
                let journal = try journal(output, resume: false)
                for (name, linear) in linears { try journal.keep(linear, name, block: 3) }
                #expect(try journal.tunedParameters(block: 3) == nil)
                try journal.keep(tuned, block: 3)
            }
            let journal = try journal(output, resume: true)
            #expect(try journal.tunedParameters(block: 3) == tuned)
            #expect(try journal.tunedParameters(block: 0) == nil)

            // What does not fit the model is damaged, whoever wrote it.
            let file = joined(output + ".partial", "model.layers.3.tuned.safetensors")
            for change in [
                { $0.norms[.attentionInput]?.removeLast() },
                { $0.norms[.feedForwardInput]?[3] = .nan },
                { $0.biases[.queryProjection] = [1, 2] },
            ] as [(inout TunedParameters) -> Void] {
                var wrong = tuned
                change(&wrong)
                try journal.keep(wrong, block: 3)
                #expect(throws: ResumeError.damaged(file)) {
                    try journal.tunedParameters(block: 3)
                }
            }
        }
    }

    @Test("a fitted final norm is read back as it was, and refused where it does not fit the model")
    func keepsTheFinalNorm() async throws {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out")
            let norm = FinalNorm(
                weights: (0..<32).map { Float($0) / 8 },
                divergenceBefore: 0.3,
                divergenceAfter: 0.1
            )
            do {
                let journal = try journal(output, resume: false)
                #expect(try journal.finalNorm() == nil)
                try journal.keep(norm)
            }
            let journal = try journal(output, resume: true)
            #expect(try journal.finalNorm() == norm)

            let file = joined(output + ".partial", "model.norm.safetensors")
            for weights in [Array(norm.weights.dropLast()), norm.weights.map { $0 / 0 }] {
                var wrong = norm
                wrong.weights = weights
                try journal.keep(wrong)
                #expect(throws: ResumeError.damaged(file)) { try journal.finalNorm() }
            }
            var unmeasured = norm
            unmeasured.divergenceAfter = .nan
            try journal.keep(unmeasured)
            #expect(throws: ResumeError.damaged(file)) { try journal.finalNorm() }
        }
    }

    @Test("a linear for another shape of layer is refused")
    func refusesOtherShapes() async throws {
        try await withTemporaryDirectory { directory in
            let output = joined(directory, "out")
            let linear = try #require(try Self.linears()[.upProjection])
            do { try journal(output, resume: false).keep(linear, .upProjection, block: 0) }
            var wider = TinyModel.small
            wider.intermediate = 128
            let journal = try journal(output, resume: true, of: wider)
            #expect(throws: AdditiveLayer.ShapeError.self) {
                try journal.linear(.upProjection, block: 0)
            }
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

    /// A block's linears of numbers that halves hold exactly, different everywhere.
    private static func linears() throws -> [LinearName: QuantizedLinear] {
        let configuration = try ModelConfiguration(json: TinyModel.small.config)
        let scheme = try #require(Scheme("1x2g2"))
        var linears: [LinearName: QuantizedLinear] = [:]
        for (index, name) in configuration.linears(inLayer: 0).enumerated() {
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
            linears[name] = QuantizedLinear(layer: layer, relativeLoss: Float(index) / 10)
        }
        return linears
    }
}
