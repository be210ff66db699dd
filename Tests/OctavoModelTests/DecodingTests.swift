import OctavoModel
import OctavoNumerics
import Testing

/// Decoding with a cache and in batches against the plain forward pass.
@Suite
struct DecodingTests {
    /// Products of other shapes sum in other orders: float32 rounding, as in ``GoldenTests``.
    static let tolerance = 1e-4

    let model: LanguageModel
    let text = [5, 17, 80, 3, 44, 9, 61, 28, 33, 90, 12, 7]

    init() throws { model = try Fixture.model() }

    @Test
    func cachedEqualsWhole() throws {
        let whole = try model.logits(for: text)
        var state = DecodingState(
            configuration: model.configuration,
            sequences: 1,
            capacity: text.count
        )
        // A prompt of five, then a token at a time.
        var logits = try model.extend(&state, with: [Array(text[..<5])])
        for position in 5..<text.count {
            #expect(relativeDistance(logits, whole.selecting(row: position - 1)) < Self.tolerance)
            logits = try model.extend(&state, with: [[text[position]]])
        }
        #expect(relativeDistance(logits, whole.selecting(row: text.count - 1)) < Self.tolerance)
        #expect(state.lengths == [text.count])
    }

    /// Windows, rotations that change as the text grows, and two texts of which one is ahead.
    @Test(arguments: Fixture.families)
    func familiesDecodeAsTheyRead(name: String) throws {
        let folder = try Fixture.family(name)
        let model = try LanguageModel(folder: folder)
        let (long, short) = (folder.tokens, Array(folder.tokens.reversed()))
        var state = DecodingState(configuration: model.configuration, sequences: 2, capacity: 32)
        for step in [0..<10, 10..<11, 11..<12, 12..<17, 17..<18, 18..<26, 26..<27, 27..<28] {
            // The second text has as many tokens to begin with, and from then on one a step.
            let behind = step.lowerBound == 0 ? 0..<10 : state.lengths[1]..<state.lengths[1] + 1
            let logits = try model.extend(&state, with: [Array(long[step]), Array(short[behind])])
            for (row, text) in [
                Array(long[..<step.upperBound]), Array(short[..<behind.upperBound]),
            ]
            .enumerated() {
                let whole = try model.logits(for: text)
                let expected = whole.selecting(row: whole.rows - 1)
                #expect(relativeDistance(logits.selecting(row: row), expected) < Self.tolerance)
            }
        }
    }

    /// Back to a common beginning, and on another way: as if the first way had never been gone.
    @Test(arguments: Fixture.families)
    func rewoundStatesForget(name: String) throws {
        let folder = try Fixture.family(name)
        let model = try LanguageModel(folder: folder)
        let (long, other) = (folder.tokens, Array(folder.tokens.reversed()))
        for (gone, kept) in [(26, 7), (18, 17), (12, 0), (27, 27)] {
            var state = DecodingState(
                configuration: model.configuration,
                sequences: 1,
                capacity: 32
            )
            _ = try model.extend(&state, with: [Array(long[..<gone])])
            model.rewind(&state, to: [kept])
            // Where all of it was rotated otherwise, nothing is left.
            let left = state.lengths[0]
            #expect(left == kept || left == 0)
            let text = Array(long[..<left]) + Array(other[..<(28 - left)])
            let logits = try model.extend(&state, with: [Array(text[left...])])
            let whole = try model.logits(for: text)
            #expect(
                relativeDistance(logits, whole.selecting(row: whole.rows - 1)) < Self.tolerance
            )
        }
    }

    @Test
    func batchOfUnequalPromptsEqualsSingles() throws {
        let prompts = [Array(text[..<7]), Array(text[3..<5]), [text[11]]]
        let next = [[1], [2], [90]]
        var state = DecodingState(configuration: model.configuration, sequences: 3, capacity: 8)
        let first = try model.extend(&state, with: prompts, Execution(threads: 3))
        let second = try model.extend(&state, with: next, Execution(threads: 3))
        for index in prompts.indices {
            let whole = try model.logits(for: prompts[index] + next[index])
            #expect(
                relativeDistance(
                    first.selecting(row: index),
                    whole.selecting(row: whole.rows - 2)
                )
                    < Self.tolerance
            )
            #expect(
                relativeDistance(
                    second.selecting(row: index),
                    whole.selecting(row: whole.rows - 1)
                )
                    < Self.tolerance
            )
        }
    }

    @Test
    func sequencesOfABatchDoNotSeeEachOther() throws {
        let layout = BatchLayout(lengths: [4, 8])
        let together = try model.hidden(for: text, layout: layout)
        let alone = try model.hidden(for: Array(text[4...]), layout: BatchLayout(lengths: [8]))
        let second = Array(together.elements[4 * together.columns..<12 * together.columns])
        #expect(relativeDistance(second, alone.elements.map(Double.init)) < Self.tolerance)
    }

    @Test
    func textsRepeatForASeedOnly() throws {
        let first = [1, 1, 40]
        func texts(seed: UInt64, threads: Int) throws -> [[Int]] {
            try model.sampleText(
                prompts: first.map { [$0] },
                length: 20,
                seed: seed,
                Execution(threads: threads)
            )
        }
        let texts1 = try texts(seed: 1, threads: 1)
        #expect(try texts(seed: 1, threads: 4) == texts1)
        #expect(try texts(seed: 2, threads: 1) != texts1)
        #expect(texts1.map(\.count) == [20, 20, 20])
        #expect(texts1.map { $0[0] } == first)
        // Equal beginnings draw from streams of their own.
        #expect(texts1[0] != texts1[1])
    }

    @Test
    func greedyTextFollowsTheLikeliest() throws {
        var expected: [Int] = []
        for _ in 0..<6 {
            let logits = try model.logits(for: [1] + expected)
            let last = Array(logits.row(logits.rows - 1))
            expected.append(try #require(last.indices.max { last[$0] < last[$1] }))
        }
        let greedy = Sampler(temperature: 0, seed: 1)
        #expect(try model.generate(after: [1], limit: 6, stop: [], sampler: greedy) == expected)

        // A stop token is not handed on, and the caller can end the text.
        let stop = try #require(expected.last)
        let upToStop = Array(expected.prefix { $0 != stop })
        #expect(
            try model.generate(after: [1], limit: 6, stop: [stop], sampler: greedy) == upToStop
        )
        var seen: [Int] = []
        try model.generate(after: [1], limit: 6, stop: [], sampler: greedy) {
            seen.append($0)
            return seen.count < 2
        }
        #expect(seen == Array(expected.prefix(2)))
    }

    /// 20 000 draws: the standard deviation of a share is below 0.0036, five of them 0.018.
    @Test(arguments: [1.0, 0.5])
    func drawsFollowTheDistribution(temperature: Double) {
        let logits = Matrix(rows: 1, columns: 3, elements: [0, 1, 2])
        var sampler = Sampler(temperature: temperature, seed: 7)
        var counts = [0, 0, 0]
        for _ in 0..<20_000 { counts[sampler.next(logits, row: 0)] += 1 }
        // e^(l/T) / Σ, by hand: T = 1 and T = 0.5.
        let expected = temperature == 1 ? [0.0900, 0.2447, 0.6652] : [0.0159, 0.1173, 0.8668]
        for (count, share) in zip(counts, expected) {
            #expect(abs(Double(count) / 20_000 - share) < 0.018)
        }
    }

    @Test
    func badTokensAreRefused() {
        #expect(throws: TokenError.unknown(token: 96, vocabularySize: 96)) {
            try model.logits(for: [1, 96])
        }
        #expect(throws: TokenError.unknown(token: -1, vocabularySize: 96)) {
            try model.logits(for: [-1])
        }
        #expect(throws: TokenError.tooFew(found: 0, needed: 1)) {
            try model.generate(
                after: [],
                limit: 1,
                stop: [],
                sampler: Sampler(temperature: 0, seed: 0)
            )
        }
    }
}

extension Matrix {
    /// A row as a matrix.
    fileprivate func selecting(row: Int) -> Matrix {
        Matrix(rows: 1, columns: columns, elements: Array(self.row(row)))
    }
}
