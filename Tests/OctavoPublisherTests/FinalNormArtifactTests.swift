import OctavoBase
import OctavoCheckpoint
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("An artifact has the final norm that was fitted")
struct FinalNormArtifactTests {
    private func norm(in model: String) throws -> [Float] {
        try Checkpoint(model).tensor(named: "model.norm.weight").floats()
    }

    @Test("where there is text enough, and the record and the card say what that gained")
    func isWritten() async throws {
        try await withTemporaryDirectory { directory in
            let (model, folded) = (joined(directory, "model"), joined(directory, "folded"))
            try TinyModel.small.write(to: model)
            let request = try smallRequest { $0.tokens = 8192 }
            let record = try quantize(OpenModel(model), to: folded, request)
            let gain = try #require(record.finalNorm)
            #expect(gain.divergenceAfter < gain.divergenceBefore)
            #expect(try norm(in: folded) != norm(in: model))
            let card = String(
                decoding: try readFile(joined(folded, "README.md")),
                as: UTF8.self
            )
            #expect(card.contains("the final norm fitted"))
        }
    }

    @Test("with little text it is the original's, and nothing is said of it")
    func isLeft() async throws {
        try await withTemporaryDirectory { directory in
            let (model, folded) = (joined(directory, "model"), joined(directory, "folded"))
            try TinyModel.small.write(to: model)
            let record = try quantize(OpenModel(model), to: folded, smallRequest())
            #expect(record.finalNorm == nil)
            let rounded = try norm(in: model).map { Half.widen(Half.narrow($0)) }
            #expect(try norm(in: folded) == rounded)
        }
    }
}
