import OctavoBase
import OctavoNumerics
import OctavoTestSupport
import Testing

@testable import OctavoModel

/// What tokens are drawn by, against numpy (Fixtures/sampling/make.py).
@Suite("Sampling")
struct SamplingTests {
    private func rule(_ json: JSON) throws -> SamplingRule {
        try SamplingRule(
            temperature: json["temperature"]?.number ?? 0,
            topK: json["top_k"]?.integer,
            topP: json["top_p"]?.number ?? 1,
            minP: json["min_p"]?.number ?? 0,
            repetitionPenalty: json["repetition_penalty"]?.number ?? 1,
            repetitionWindow: json["repetition_window"]?.integer
        )
    }

    @Test("the tokens that a rule keeps, and how likely each is")
    func filters() throws {
        let path = packageRoot + "/Tests/OctavoModelTests/Fixtures/sampling/filters.json"
        let fixture = try JSON(parsing: readFile(path))
        let cases = try #require(fixture["cases"]?.array)
        #expect(cases.count == 55)
        for test in cases {
            let name = try #require(test["logits"]?.string)
            let logits = try #require(fixture["logits"]?[name]?.array).compactMap(\.number)
            let text = try #require(test["text"]?.array).compactMap(\.integer)
            let rule = try rule(#require(test["rule"]))
            let weights = try #require(
                try rule.filtered(logits.map { Float($0) }, after: text).weights
            )
            let kept =
                test["kept"]?.array?.compactMap(\.integer) ?? Array(logits.indices)
            #expect(
                weights.indices.filter { weights[$0] > 0 } == kept,
                "\(name), \(rule)"
            )
            let total = weights.reduce(0.0) { $0 + Double($1) }
            let expected = try #require(test["probabilities"]?.array).compactMap(\.number)
            for (index, probability) in zip(kept, expected) {
                // Float32 exponentials of differences up to 100 apart, and nine digits in the file.
                let found = Double(weights[index]) / total
                #expect(abs(found - probability) <= 2e-6 * probability + 1e-9, "\(name), \(index)")
            }
        }
    }

    @Test(
        "a rule of a temperature alone draws what it always drew",
        arguments: [0, 1e-40, 0.5, 1.7]
    )
    func sameDraws(temperature: Double) throws {
        var generator = SeededGenerator(seed: 3)
        let logits = Matrix(
            rows: 2,
            columns: 50,
            elements: (0..<100).map { _ in Float(generator.nextUnit() * 6 - 3) }
        )
        var plain = Sampler(temperature: temperature, seed: 9, stream: 2)
        var ruled = Sampler(try SamplingRule(temperature: temperature), seed: 9, stream: 2)
        for index in 0..<500 {
            let row = index % 2
            #expect(try ruled.next(logits, row: row, after: []) == plain.next(logits, row: row))
        }
    }

    /// By hand: 2 / 1.5 is below 1.9, and so is the likeliest no more.
    @Test("a repetition penalty counts where the likeliest token is taken, too")
    func greedyPenalty() throws {
        let logits = Matrix(rows: 1, columns: 4, elements: [2, 1.9, -1, -1.2])
        var sampler = Sampler(try SamplingRule(repetitionPenalty: 1.5), seed: 0)
        #expect(try sampler.next(logits, row: 0, after: []) == 0)
        #expect(try sampler.next(logits, row: 0, after: [0, 0]) == 1)
        // -1 · 1.5 is below -1.2.
        #expect(try sampler.next(logits, row: 0, after: [2]) == 0)
        var last = Sampler(try SamplingRule(repetitionPenalty: 1.5, repetitionWindow: 1), seed: 0)
        #expect(try last.next(logits, row: 0, after: [0, 3]) == 0)
    }

    /// 20 000 draws: the standard deviation of a share is below 0.0036, five of them 0.018.
    @Test("what is dropped is never drawn, the rest by its share")
    func draws() throws {
        let logits = Matrix(rows: 1, columns: 4, elements: [0, 1, -30, 2])
        var sampler = Sampler(try SamplingRule(temperature: 1, topK: 2), seed: 5)
        var counts = [0, 0, 0, 0]
        for _ in 0..<20_000 { counts[try sampler.next(logits, row: 0, after: [])] += 1 }
        #expect(counts[0] == 0 && counts[2] == 0)
        // 1 / (1 + e), by hand.
        #expect(abs(Double(counts[1]) / 20_000 - 0.2689) < 0.018)
    }

    @Test(
        "logits that are not finite are an error, not a token",
        arguments: [
            ([.nan, 1, 2], 1), ([1, .infinity, 2], 1), ([-.infinity, -.infinity, .nan], 3),
        ] as [([Float], Int)]
    )
    func notFinite(logits: [Float], count: Int) throws {
        for temperature in [0.0, 1.0] {
            var sampler = Sampler(try SamplingRule(temperature: temperature), seed: 1)
            #expect(throws: SamplingError.notFinite(count: count)) {
                try sampler.next(Matrix(rows: 1, columns: 3, elements: logits), row: 0, after: [])
            }
        }
    }

    @Test("numbers that a rule cannot have are refused by name")
    func refuses() {
        let wrong: [(String, () throws -> SamplingRule)] = [
            ("temperature", { try SamplingRule(temperature: -0.1) }),
            ("temperature", { try SamplingRule(temperature: .nan) }),
            ("temperature", { try SamplingRule(temperature: .infinity) }),
            ("top_k", { try SamplingRule(topK: 0) }), ("top_k", { try SamplingRule(topK: .min) }),
            ("top_p", { try SamplingRule(topP: 0) }), ("top_p", { try SamplingRule(topP: 1.01) }),
            ("top_p", { try SamplingRule(topP: .nan) }),
            ("min_p", { try SamplingRule(minP: -1) }), ("min_p", { try SamplingRule(minP: 2) }),
            ("repetition_penalty", { try SamplingRule(repetitionPenalty: 0) }),
            ("repetition_penalty", { try SamplingRule(repetitionPenalty: .infinity) }),
            ("repetition_window", { try SamplingRule(repetitionWindow: 0) }),
        ]
        for (name, make) in wrong {
            #expect {
                _ = try make()
            } throws: { "\($0)".hasPrefix(name + " is ") && "\($0)".contains("expected") }
        }
    }
}
