import OctavoBase
import OctavoPublisher
import OctavoQuantizer
import Testing

/// SHA-256 of nothing, which stands for any digest here.
let emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/// A record written by hand, as formats/octavo-json.md describes it.
let handWrittenRecord = """
    {
      "format": "octavo-artifact/1",
      "tool": {"name": "octavo", "version": "9.9.9"},
      "source": {"files": [{"path": "m.gguf", "size": 12, "sha256": "\(emptyDigest)"}]},
      "recipe": {"scheme": "2x8g8", "seed": 7, "threads": 2, "calibration":
        {"text": ["self"], "tokens": 64, "sequence_length": 16, "sha256": "\(emptyDigest)"}},
      "layers": [{"name": "model.layers.0.self_attn.q_proj", "relative_loss": 0.25}],
      "files": [{"path": "config.json", "size": 0, "sha256": "\(emptyDigest)"}],
      "tensors": [{"name": "t", "dtype": "F16", "shape": [2, 3], "sha256": "\(emptyDigest)"}],
      "probe": [{"tokens": [1, 2], "ids": [5], "logits": [1.5]}],
      "something_new": true
    }
    """

@Suite("The artifact's record")
struct ArtifactRecordTests {
    @Test("reads a record written by hand, and ignores what it does not know")
    func readsByHand() throws {
        let record = try ArtifactRecord(parsing: Array(handWrittenRecord.utf8))
        #expect(record.toolVersion == "9.9.9")
        #expect(record.sources.map(\.path) == ["m.gguf"])
        #expect(record.scheme == "2x8g8" && record.seed == 7 && record.threads == 2)
        #expect(record.calibration.isSelfWritten && record.calibration.sequenceLength == 16)
        #expect(
            record.layers == [
                LayerRecord(name: "model.layers.0.self_attn.q_proj", relativeLoss: 0.25)
            ]
        )
        #expect(record.layers.first?.kind == "q_proj")
        #expect(record.tensors.first?.shape == [2, 3] && record.tensors.first?.dtype == .f16)
        #expect(record.probe == [ProbeRecord(tokens: [1, 2], ids: [5], logits: [1.5])])
    }

    @Test("what it writes, it reads back the same")
    func roundTrip() throws {
        let record = try ArtifactRecord(parsing: Array(handWrittenRecord.utf8))
        #expect(try ArtifactRecord(parsing: Array(record.text.utf8)) == record)
        #expect(record.text.hasSuffix("}\n"))
    }

    @Test("what fitting the final norm gained is read, or refused by the name of its field")
    func readsTheFinalNorm() throws {
        func record(_ member: String) throws -> ArtifactRecord {
            let text = handWrittenRecord.replacing(
                "\"recipe\": {",
                with: "\"recipe\": {\(member), "
            )
            return try ArtifactRecord(parsing: Array(text.utf8))
        }
        let found = try record(#""final_norm": {"kl_before": 0.5, "kl_after": 0.25}"#)
        #expect(found.finalNorm?.divergenceBefore == 0.5)
        #expect(found.finalNorm?.divergenceAfter == 0.25)
        #expect(try ArtifactRecord(parsing: Array(found.text.utf8)) == found)
        #expect(throws: RecordError.field("recipe.final_norm.kl_after")) {
            try record(#""final_norm": {"kl_before": 0.5}"#)
        }
        #expect(throws: RecordError.field("recipe.final_norm")) {
            try record(#""final_norm": null"#)
        }
    }

    /// The members of `recipe.tuning` that all versions wrote.
    private static let tuning = """
        "teacher": {"files": []}, "text": {"text": ["a.txt"], "tokens": 64, "sequence_length": 16, \
        "sha256": "\(emptyDigest)"}, "held_out": [0], "settings": {}, "steps": 8, "best_step": 4, \
        "loss_before": 0.5, "loss_after": 0.25, "end": "finished"
        """

    private func record(tuning: String) throws -> ArtifactRecord {
        let text = handWrittenRecord.replacing(
            "\"recipe\": {",
            with: "\"recipe\": {\"tuning\": {\(tuning)}, "
        )
        return try ArtifactRecord(parsing: Array(text.utf8))
    }

    @Test("a tuning is read with its objective, and without one as the first version meant it")
    func readsTunings() throws {
        let first = try record(tuning: Self.tuning)
        #expect(first.tuning?.objective == .divergence)
        #expect(first.tuning?.textKind == "text" && first.tuning?.learnedTokens == 64)
        #expect(try ArtifactRecord(parsing: Array(first.text.utf8)) == first)
        let chat = #""objective": "cross-entropy", "text_kind": "chat", "learned_tokens": 9, "#
        let second = try record(tuning: chat + Self.tuning)
        #expect(second.tuning?.objective == .crossEntropy)
        #expect(second.tuning?.textKind == "chat" && second.tuning?.learnedTokens == 9)
        for (lie, field) in [
            (#""objective": "best", "text_kind": "chat", "learned_tokens": 9, "#, "objective"),
            (#""objective": "kl", "text_kind": "chat", "#, "learned_tokens"),
            (#""objective": "kl", "learned_tokens": 9, "#, "text_kind"),
        ] {
            #expect(throws: RecordError.field("recipe.tuning." + field)) {
                _ = try record(tuning: lie + Self.tuning)
            }
        }
    }

    @Test(
        "a lie is refused by the name of its field",
        arguments: [
            ("\"tokens\": 64", "\"tokens\": -1", "recipe.calibration.tokens"),
            ("\"tokens\": 64", "\"tokens\": 64.5", "recipe.calibration.tokens"),
            ("\"scheme\": \"2x8g8\",", "", "recipe.scheme"),
            ("\"dtype\": \"F16\"", "\"dtype\": \"F17\"", "tensors[0].dtype"),
            ("\"shape\": [2, 3]", "\"shape\": [2, \"3\"]", "tensors[0].shape"),
            ("\"size\": 12", "\"size\": \"12\"", "source.files[0].size"),
            ("\"logits\": [1.5]", "\"logits\": null", "probe[0].logits"),
        ]
    )
    func refusesLies(what: String, lie: String, field: String) {
        let text = handWrittenRecord.replacing(what, with: lie)
        #expect(text != handWrittenRecord)
        #expect(throws: RecordError.field(field)) { try ArtifactRecord(parsing: Array(text.utf8)) }
    }

    @Test("another format is refused by its name")
    func refusesFormat() {
        let text = handWrittenRecord.replacing("octavo-artifact/1", with: "octavo-artifact/2")
        #expect(throws: RecordError.format("octavo-artifact/2")) {
            try ArtifactRecord(parsing: Array(text.utf8))
        }
        #expect(throws: RecordError.self) { try ArtifactRecord(parsing: Array("[".utf8)) }
    }
}
