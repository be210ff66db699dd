import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

/// A lie that a record or a file tells, and the check that must find it.
struct Lie: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The check that fails.
    let check: String
    /// What its finding must say.
    let finding: String
    let tell: @Sendable (String, inout ArtifactRecord) throws -> Void

    init(
        _ description: String,
        fails check: String,
        saying finding: String,
        _ tell: @escaping @Sendable (String, inout ArtifactRecord) throws -> Void
    ) {
        testDescription = description
        self.check = check
        self.finding = finding
        self.tell = tell
    }
}

private let scales = "model.layers.0.mlp.up_proj.scales"

/// Changes a tensor of the folded model and makes the record agree with the new file, as somebody
/// would who wants the change to pass.
private func forge(
    _ folder: String,
    _ record: inout ArtifactRecord,
    _ name: String,
    _ change: (inout [UInt8]) -> Void
) throws {
    let file = joined(folder, "model.safetensors")
    var tensors = try storedTensors(inFile: file)
    let tensor = try #require(tensors[name])
    var bytes = tensor.bytes
    change(&bytes)
    tensors[name] = StoredTensor(dtype: tensor.dtype, shape: tensor.shape, bytes: bytes)
    let whole = safetensors(tensors)
    try AtomicFile.write(whole, to: file)
    for index in record.files.indices where record.files[index].path == "model.safetensors" {
        record.files[index].digest = Digest(of: whole)
        record.files[index].size = whole.count
    }
    for index in record.tensors.indices where record.tensors[index].name == name {
        record.tensors[index].digest = Digest(of: bytes)
    }
}

private let lies = [
    Lie("another digest of a file", fails: "files", saying: "config.json has sha256") { _, record in
        let index = try #require(record.files.map(\.path).firstIndex(of: "config.json"))
        record.files[index].digest = Digest(of: "")
    },
    Lie("another length of a file", fails: "files", saying: "tokenizer.json has") { _, record in
        let index = try #require(record.files.map(\.path).firstIndex(of: "tokenizer.json"))
        record.files[index].size += 1
    },
    Lie("a file that is not there", fails: "files", saying: "gone.txt is missing") { _, record in
        record.files.append(FileRecord(path: "gone.txt", size: 0, digest: Digest(of: "")))
    },
    Lie("a folder in the place of a file", fails: "files", saying: "sub is missing") {
        folder,
        record in
        try makeDirectory(joined(folder, "sub"))
        record.files.append(FileRecord(path: "sub", size: 0, digest: Digest(of: "")))
    },
    Lie("a path out of the folder", fails: "files", saying: "\"../model/config.json\"") {
        folder,
        record in
        record.files.append(
            FileRecord(path: "../model/config.json", size: 0, digest: Digest(of: ""))
        )
    },
    Lie("an absolute path", fails: "files", saying: "\"/etc/hostname\"") { _, record in
        record.files.append(FileRecord(path: "/etc/hostname", size: 0, digest: Digest(of: "")))
    },
    Lie("a file that the record forgot", fails: "files", saying: "config.json is not in the record")
    { _, record in
        record.files.removeAll { $0.path == "config.json" }
    },
    Lie("another digest of a tensor", fails: "tensors", saying: "\(scales) does not have") {
        _,
        record in
        let index = try #require(record.tensors.map(\.name).firstIndex(of: scales))
        record.tensors[index].digest = Digest(of: "")
    },
    Lie(
        "another type of a tensor",
        fails: "tensors",
        saying: "\(scales) is F16 [64, 1, 1, 1], expected BF16"
    ) { _, record in
        let index = try #require(record.tensors.map(\.name).firstIndex(of: scales))
        record.tensors[index].dtype = .bf16
    },
    Lie("another shape of a tensor", fails: "tensors", saying: "expected F16 [8, 8, 1, 1]") {
        _,
        record in
        let index = try #require(record.tensors.map(\.name).firstIndex(of: scales))
        record.tensors[index].shape = [8, 8, 1, 1]
    },
    Lie(
        "a tensor that the record forgot",
        fails: "tensors",
        saying: "\(scales) is not in the record"
    ) { _, record in
        record.tensors.removeAll { $0.name == scales }
    },
    Lie("a tensor that is not there", fails: "tensors", saying: "tensor ghost is missing") {
        _,
        record in
        record.tensors.append(
            TensorRecord(name: "ghost", dtype: .f16, shape: [1], digest: Digest(of: ""))
        )
    },
    Lie("a scale that is infinite", fails: "values", saying: scales) { folder, record in
        try forge(folder, &record, scales) { $0.replaceSubrange(0..<2, with: [0x00, 0x7C]) }
    },
    Lie("a codebook entry that is no number", fails: "values", saying: "down_proj.codebooks") {
        folder,
        record in
        try forge(folder, &record, "model.layers.1.mlp.down_proj.codebooks") { $0[1] = 0x7E }
    },
    // Sound in itself: only the recorded answers tell.
    Lie("a scale that was doubled", fails: "probe", saying: "of the logits' spread") {
        folder,
        record in
        try forge(folder, &record, "model.layers.0.self_attn.v_proj.scales") { bytes in
            for index in stride(from: 1, to: bytes.count, by: 2) { bytes[index] += 4 }
        }
    },
    Lie("other answers", fails: "probe", saying: "of the logits' spread") { _, record in
        record.probe[3].logits[7] += 0.5
    },
    Lie("answers by tokens that there are not", fails: "probe", saying: "inf") { _, record in
        record.probe[0].ids[0] = 258
    },
    Lie("answers to tokens that there are not", fails: "probe", saying: "inf") { _, record in
        record.probe[1].tokens = [1 << 40]
    },
    Lie("answers to more tokens than the context", fails: "probe", saying: "inf") { _, record in
        record.probe[1].tokens = [Int](repeating: 5, count: 257)
    },
    Lie("answers to no tokens", fails: "record", saying: "probe[0].tokens") { _, record in
        record.probe[0].tokens = []
    },
    Lie("no answers", fails: "record", saying: "probe[2].ids") { _, record in
        record.probe[2].ids = []
        record.probe[2].logits = []
    },
    Lie("fewer answers than names for them", fails: "record", saying: "probe[0].ids") { _, record in
        record.probe[0].logits.removeLast()
    },
]

@Suite("Verification, check by check")
struct VerificationTests {
    /// The checks of a model and how they ended.
    private func checks(_ path: String, runsInference: Bool = true) throws -> [Check] {
        try verify(
            OpenModel(path),
            VerificationRequest(runsInference: runsInference, threads: 2)
        ).checks
    }

    @Test("what was just made passes every check")
    func passes() async throws {
        try await withModels { place in
            let checks = try checks(place.folded)
            #expect(
                checks.map(\.name) == [
                    "files", "tensors", "values", "layout", "signature", "quantized layers",
                    "probe",
                ]
            )
            #expect(checks.filter { $0.outcome != .passed }.map(\.name) == ["signature"])
        }
    }

    @Test("each kind of lie is found by its check, and by no other", arguments: lies)
    func finds(lie: Lie) async throws {
        try await withModels { place in
            let file = joined(place.folded, ArtifactRecord.fileName)
            var record = try ArtifactRecord(parsing: readFile(file))
            let before = record
            try lie.tell(place.folded, &record)
            try #require(record != before)
            try AtomicFile.write(record.text, to: file)
            let failed = try checks(place.folded).filter { $0.outcome == .failed }
            #expect(failed.map(\.name) == [lie.check])
            #expect(failed.first?.detail.contains(lie.finding) == true, "\(failed)")
        }
    }

    @Test("several findings are counted")
    func counts() async throws {
        try await withModels { place in
            for name in ["a", "b", "c"] { try write([name: [0]], to: place.folded) }
            let check = try #require(try checks(place.folded).first)
            #expect(check.detail == "a is not in the record (and 2 more)")
        }
    }

    @Test("what a hub or git adds is not taken for tampering")
    func toleratesHubs() async throws {
        try await withModels { place in
            for name in [".gitattributes", ".git/config", ".cache/huggingface/x", "README.md"] {
                try write([name: [0]], to: place.folded)
            }
            #expect(
                try checks(place.folded, runsInference: false).allSatisfy { $0.outcome != .failed }
            )
        }
    }

    @Test("checks that are not made say so")
    func skips() async throws {
        try await withModels { place in
            let unrecorded = try checks(place.model)
            #expect(unrecorded.first { $0.name == "files" }?.outcome == .skipped)
            #expect(unrecorded.first { $0.name == "probe" }?.outcome == .skipped)
            let still = try checks(place.folded, runsInference: false)
            #expect(still.last?.name == "inference" && still.last?.outcome == .skipped)
        }
    }

    @Test("the teacher of another model is far away, and its own original near")
    func comparesWithTeacher() async throws {
        try await withModels { place in
            var other = TinyModel.small
            other.seed = 9
            try other.write(to: place.output)
            func divergence(_ teacher: String) throws -> Double {
                let request = VerificationRequest(teacher: try OpenModel(teacher), threads: 2)
                let report = try verify(OpenModel(place.folded), request)
                #expect(report.evaluation?.text == "written by the original")
                return try #require(report.evaluation?.comparison).divergence
            }
            let (near, far) = (try divergence(place.model), try divergence(place.output))
            #expect(0 < near && near < far)
        }
    }
}
