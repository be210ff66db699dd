import OctavoBase
import OctavoCheckpoint
import OctavoModel
@testable import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Calibration sequences")
struct CalibrationTests {
    /// Sixteen characters, each a token of the tiny model, of which some are given and the rest are dots.
    private func line(_ characters: String) -> String {
        characters + String(repeating: ".", count: 15 - characters.count) + "\n"
    }

    /// By hand: the n-th occurrence of a token counts 1/n, and `.` and the line's end soon count little.
    @Test(
        "of a text that has more than is wanted, what covers most tokens is taken, in order",
        arguments: [
            // The line with most different letters first; then the one that adds most new ones.
            (["ab", "abcdef", "abcde", "xy"], 1, [1]),
            (["ab", "abcdef", "abcde", "xyz"], 2, [1, 3]),
            (["ab", "abcdef", "abcde", "xyz", "uvwx"], 3, [1, 3, 4]),
            // Of lines that add the same, the first.
            (["a", "b", "b", "a"], 2, [0, 1]), (["a", "a", "a"], 2, [0, 1]),
            // All, where there are no more.
            (["a", "b", "c"], 8, [0, 1, 2]), (["a", "a", "b"], 3, [0, 1, 2]),
        ]
    )
    func coversMost(lines: [String], count: Int, expected: [Int]) async throws {
        try await withModels { place in
            let file = joined(place.path, "text.txt")
            try AtomicFile.write(lines.map(line).joined() + "left over", to: file)
            let found = try sequences(
                fromFiles: [file],
                count: count,
                length: 16,
                OpenModel(place.model).tokenizer()
            )
            let texts = found.map { sequence in
                String(decoding: sequence.map { UInt8(truncatingIfNeeded: $0 - 2) }, as: UTF8.self)
            }
            #expect(texts == expected.map { line(lines[$0]) })
        }
    }

    /// The choice of a plain greedy search that looks at every sequence each time, on made-up texts.
    @Test("what is chosen is what a search that looks at all of them chooses", arguments: 0..<8)
    func matchesPlainSearch(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let sequences = (0..<40).map { _ in
            (0..<12).map { _ in
                Int.random(in: 0..<Int.random(in: 1...60, using: &generator), using: &generator)
            }[...]
        }
        var (counts, left, chosen) = ([Int: Int](), Array(sequences.indices), [Int]())
        for _ in 0..<15 {
            func value(_ index: Int) -> Double {
                var after = counts
                var sum = 0.0
                for token in sequences[index].sorted() {
                    after[token, default: 0] += 1
                    sum += 1 / Double(after[token, default: 0])
                }
                return sum
            }
            let best = left.reduce(left[0]) { value($1) > value($0) ? $1 : $0 }
            for token in sequences[best] { counts[token, default: 0] += 1 }
            left.removeAll { $0 == best }
            chosen.append(best)
        }
        #expect(sequencesCoveringMost(15, of: sequences) == chosen.sorted())
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
