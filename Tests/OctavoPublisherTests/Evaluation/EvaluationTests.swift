import Foundation
import OctavoBase
import OctavoModel
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("The evaluation protocol")
struct EvaluationTests {
    /// The small model with its last norm multiplied by a number: zero makes all tokens equally likely.
    private func model(lastNorm factor: Float, in directory: String) throws -> LanguageModel {
        var tiny = TinyModel.small
        tiny.change = { tensors in
            let values = tensors["model.norm.weight"]?.values ?? []
            tensors["model.norm.weight"]?.values = values.map { $0 * factor }
        }
        let path = joined(directory, "norm\(factor)")
        try tiny.write(to: path)
        return try OpenModel(path).languageModel()
    }

    private let texts = [[0, 7, 200, 31], [5, 5, 5, 257]]

    @Test("where every token is equally likely, the perplexity is their number")
    func uniform() async throws {
        try await withTemporaryDirectory { directory in
            let report = try evaluate(
                try model(lastNorm: 0, in: directory),
                on: texts,
                named: "two",
                threads: 2
            )
            // Logarithms and their mean are taken in double precision, of logits that are zero.
            #expect(abs(report.perplexity - 258) < 1e-4)
            #expect(report.text == "two" && report.windows == 2 && report.windowLength == 4)
            #expect(report.comparison == nil)
            let ids: [Int32] = [0, 7, 200, 31, 5, 5, 5, 257]
            #expect(report.digest == Digest(of: ids))
        }
    }

    /// Against a uniform teacher, KL is the mean over all tokens of log(1/258) − log p(token).
    @Test("the distance to a uniform teacher is what its definition says")
    func distance() async throws {
        try await withTemporaryDirectory { directory in
            let student = try model(lastNorm: 0.1, in: directory)
            let teacher = try model(lastNorm: 0, in: directory)
            let report = try evaluate(
                student,
                on: texts,
                named: "two",
                teacher: teacher,
                threads: 2
            )
            var (divergence, loss) = (0.0, 0.0)
            for window in texts {
                let logits = try student.logits(for: window)
                for position in window.indices {
                    let scores = logits.row(position).map(Double.init)
                    let normalizer = log(scores.reduce(0) { $0 + exp($1) })
                    divergence += normalizer - scores.reduce(0, +) / 258 - log(258)
                    if position + 1 < window.count {
                        loss += normalizer - scores[window[position + 1]]
                    }
                }
            }
            let comparison = try #require(report.comparison)
            // Sums of 258 terms in single precision keep five digits.
            #expect(abs(comparison.divergence - divergence / 8) < 1e-4 * divergence / 8)
            #expect(abs(report.perplexity - exp(loss / 6)) < 1e-4 * report.perplexity)
            #expect(abs(comparison.teacherPerplexity - 258) < 1e-4)
            #expect(divergence > 1e-3)
        }
    }

    @Test("what cannot be measured is refused by its numbers")
    func refuses() async throws {
        try await withTemporaryDirectory { directory in
            let language = try model(lastNorm: 1, in: directory)
            #expect(throws: EvaluationError.tooShort(tokens: 1, needed: 2)) {
                try evaluate(language, on: [[1]], named: "", threads: 1)
            }
            #expect(throws: EvaluationError.tooShort(tokens: 0, needed: 2)) {
                try evaluate(language, on: [], named: "", threads: 1)
            }
            #expect(throws: TokenError.unknown(token: 258, vocabularySize: 258)) {
                try evaluate(language, on: [[1, 258]], named: "", threads: 1)
            }
        }
    }

    @Test("a text is cut into windows that do not overlap, and the rest is left out")
    func cutsWindows() async throws {
        try await withModels { place in
            let model = try OpenModel(place.model)
            let file = joined(place.path, "text.txt")
            try AtomicFile.write("abcdefghijk", to: file)
            func cut(_ length: Int, limit: Int? = nil) throws -> [String] {
                try OctavoPublisher.windows(
                    ofFile: file,
                    length: length,
                    limit: limit,
                    tokenizer: model
                ).map { window in
                    String(
                        decoding: window.map { UInt8(truncatingIfNeeded: $0 - 2) },
                        as: UTF8.self
                    )
                }
            }
            #expect(try cut(4) == ["abcd", "efgh"])
            #expect(try cut(4, limit: 1) == ["abcd"])
            #expect(try cut(11) == ["abcdefghijk"])
            #expect(throws: EvaluationError.tooShort(tokens: 11, needed: 12)) { try cut(12) }
        }
    }

    @Test("teachers of another vocabulary are refused")
    func refusesOtherVocabulary() async throws {
        try await withTemporaryDirectory { directory in
            let language = try model(lastNorm: 1, in: directory)
            let path = joined(directory, "norm1.0")
            let config = String(decoding: try readFile(joined(path, "config.json")), as: UTF8.self)
            try AtomicFile.write(
                config.replacing("\"vocab_size\": 258", with: "\"vocab_size\": 200"),
                to: joined(path, "config.json")
            )
            var tensors = try storedTensors(inFile: joined(path, "model.safetensors"))
            let embedding = try #require(tensors["model.embed_tokens.weight"])
            tensors["model.embed_tokens.weight"] = StoredTensor(
                dtype: "F32",
                shape: [200, 32],
                bytes: Array(embedding.bytes.prefix(200 * 32 * 4))
            )
            try write(["model.safetensors": safetensors(tensors)], to: path)
            let other = try OpenModel(path).languageModel()
            #expect(throws: EvaluationError.vocabulariesDiffer(model: 258, teacher: 200)) {
                try evaluate(language, on: texts, named: "", teacher: other, threads: 1)
            }
        }
    }

    @Test(
        "token ids are read only from an array of whole numbers",
        arguments: [
            ("[1, 2]", [1, 2]), ("[1.5]", nil), ("[]", nil), ("{\"a\": 1}", nil),
            ("[1, \"2\"]", nil),
            ("[1", nil), ("[1.0]", nil),
        ] as [(String, [Int]?)]
    )
    func readsTokens(text: String, expected: [Int]?) async throws {
        try await withTemporaryDirectory { directory in
            let file = joined(directory, "ids.json")
            try AtomicFile.write(text, to: file)
            if let expected {
                #expect(try tokenIDs(inFile: file) == expected)
            } else {
                #expect(throws: EvaluationError.badTokens(file)) { try tokenIDs(inFile: file) }
            }
        }
    }
}
