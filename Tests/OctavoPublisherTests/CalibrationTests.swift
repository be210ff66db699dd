import OctavoBase
import OctavoCheckpoint
import OctavoModel
@testable import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Calibration sequences")
struct CalibrationTests {
    /// Sixteen bytes a line, so that each line is a sequence and says which one.
    private func numberedText(lines: Int) -> String {
        (0..<lines).map { line in
            let number = String(line)
            return "line " + String(repeating: ".", count: 10 - number.count) + number + "\n"
        }.joined()
    }

    /// The starts by hand: ⌊i · available / taken⌋.
    @Test(
        "where a text has more than is wanted, what is taken is spread over it",
        arguments: [
            (10, 4, [0, 2, 5, 7]), (10, 3, [0, 3, 6]), (3, 8, [0, 1, 2]), (7, 7, Array(0..<7)),
            (5, 1, [0]),
        ]
    )
    func spreads(lines: Int, count: Int, expected: [Int]) async throws {
        try await withModels { place in
            let file = joined(place.path, "text.txt")
            try AtomicFile.write(numberedText(lines: lines) + "left over", to: file)
            let found = try sequences(
                fromFiles: [file],
                count: count,
                length: 16,
                OpenModel(place.model).tokenizer()
            )
            let starts = try found.map { sequence in
                #expect(sequence.count == 16)
                let bytes = sequence.map { UInt8(truncatingIfNeeded: $0 - 2) }
                return try #require(
                    Int(String(decoding: bytes.filter { 0x30...0x39 ~= $0 }, as: UTF8.self))
                )
            }
            #expect(starts == expected)
        }
    }

    @Test("the model writes the same for a seed, beginning each text as texts begin")
    func selfWritten() async throws {
        try await withModels { place in
            let model = try OpenModel(place.model)
            func written(_ seed: UInt64, count: Int = 70) throws -> [[Int]] {
                try sequences(writtenBy: model, count: count, length: 12, seed: seed, threads: 2) {
                    _ in
                }
            }
            let texts = try written(5)
            #expect(texts.count == 70 && texts.allSatisfy { $0.count == 12 })
            // Token 0 begins a text; 0 and 1 are special and are not drawn as second ones.
            #expect(texts.allSatisfy { $0[0] == 0 && $0[1] >= 2 })
            #expect(texts.allSatisfy { $0.allSatisfy { 0..<TinyModel.vocabulary ~= $0 } })
            #expect(try written(5) == texts)
            #expect(try written(6) != texts)
            // There is more than one batch of 64. Where second tokens coincide, texts may, too.
            #expect(Set(texts).count > 60)
            // Of 70 second tokens drawn from 256 about 61 are different, and hardly ever below 45.
            #expect(Set(texts.map { $0[1] }).count > 45)
        }
    }

    @Test("token ids are hashed as little-endian 32-bit integers, in order")
    func hashes() {
        let bytes: [UInt8] = [1, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0]
        #expect(digest(ofTokens: [[1, 256], [2]]) == Digest(of: bytes))
    }
}
