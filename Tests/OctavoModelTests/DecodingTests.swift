@testable import OctavoModel
import OctavoNumerics
import Testing

/// Decoding with a cache and in batches against the plain forward pass.
@Suite
struct DecodingTests {
    let model: LanguageModel
    let text = [5, 17, 80, 3, 44, 9, 61, 28, 33, 90, 12, 7]

    init() throws { model = try Fixture.model() }

    @Test(arguments: CachePrecision.allCases)
    func cachedEqualsWhole(precision: CachePrecision) throws {
        let whole = try model.logits(for: text)
        var state = DecodingState(
            configuration: model.configuration,
            sequences: 1,
            capacity: text.count,
            precision: precision
        )
        // A prompt of five, then a token at a time.
        var logits = try model.extend(&state, with: [Array(text[..<5])])
        for position in 5..<text.count {
            let expected = whole.selecting(row: position - 1)
            #expect(relativeDistance(logits, expected) < precision.tolerance)
            logits = try model.extend(&state, with: [[text[position]]])
        }
        let expected = whole.selecting(row: text.count - 1)
        #expect(relativeDistance(logits, expected) < precision.tolerance)
        #expect(state.lengths == [text.count])
    }

    /// Windows, rotations that change as the text grows, two texts of which one is ahead, and passes that divide
    /// what is new in the middle of a text.
    @Test(arguments: Fixture.families, CachePrecision.allCases)
    func familiesDecodeAsTheyRead(name: String, precision: CachePrecision) throws {
        let folder = try Fixture.family(name)
        let model = try LanguageModel(folder: folder)
        let (long, short) = (folder.tokens, Array(folder.tokens.reversed()))
        for passLength in [512, 7] {
            var state = DecodingState(
                configuration: model.configuration,
                sequences: 2,
                capacity: 32,
                precision: precision
            )
            for step in [0..<10, 10..<11, 11..<12, 12..<17, 17..<18, 18..<26, 26..<27, 27..<28] {
                // The second text has as many tokens to begin with, and from then on one a step.
                let behind =
                    step.lowerBound == 0 ? 0..<10 : state.lengths[1]..<state.lengths[1] + 1
                let logits = try model.extend(
                    &state,
                    with: [Array(long[step]), Array(short[behind])],
                    passLength: passLength
                )
                let texts = [Array(long[..<step.upperBound]), Array(short[..<behind.upperBound])]
                for (row, text) in texts.enumerated() {
                    let whole = try model.logits(for: text)
                    let expected = whole.selecting(row: whole.rows - 1)
                    let distance = relativeDistance(logits.selecting(row: row), expected)
                    #expect(distance < precision.tolerance)
                }
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
                capacity: 32,
                precision: .float
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
                relativeDistance(logits, whole.selecting(row: whole.rows - 1))
                    < CachePrecision.float.tolerance
            )
        }
    }

    @Test
    func halvesTakeHalfTheMemory() {
        func bytes(_ precision: CachePrecision, capacity: Int) -> Int {
            DecodingState(
                configuration: model.configuration,
                sequences: 3,
                capacity: capacity,
                precision: precision
            )
            .cacheBytes
        }
        let configuration = model.configuration
        let tokens = 3 * 64 * configuration.layerCount
        // Heads narrower than 16 have values as wide as that.
        let width = configuration.keyValueHeadCount * max(16, configuration.headDimension)
        let numbers = tokens * (configuration.keyValueWidth + width)
        #expect(bytes(.half, capacity: 64) == 2 * numbers)
        #expect(bytes(.float, capacity: 64) == 4 * numbers)
    }

    /// Three texts of five tokens, of which two, none and four are held, in passes of four tokens.
    @Test
    func passesTakeSequencesInTheirOrder() {
        let passes = CachePlacement.passes(held: [2, 0, 4], lengths: [5, 5, 5], limit: 4)
        func span(_ first: Int, _ count: Int, _ sequence: Int, _ keys: Int) -> AttentionSpan {
            AttentionSpan(
                firstQuery: first,
                queryCount: count,
                sequence: sequence,
                keyCount: keys
            )
        }
        #expect(
            passes.map(\.spans) == [
                [span(0, 3, 0, 5), span(3, 1, 1, 1)], [span(0, 4, 1, 5)], [span(0, 1, 2, 5)],
            ]
        )
        #expect(passes.map { $0.places.map(\.position) } == [[2, 3, 4, 0], [1, 2, 3, 4], [4]])
        #expect(passes.allSatisfy { $0.places.allSatisfy { $0.length == 5 } })
    }

    @Test
    func batchOfUnequalPromptsEqualsSingles() throws {
        let prompts = [Array(text[..<7]), Array(text[3..<5]), [text[11]]]
        let next = [[1], [2], [90]]
        var state = DecodingState(
            configuration: model.configuration,
            sequences: 3,
            capacity: 8,
            precision: .float
        )
        let first = try model.extend(&state, with: prompts, Execution(threads: 3))
        let second = try model.extend(&state, with: next, Execution(threads: 3))
        for index in prompts.indices {
            let whole = try model.logits(for: prompts[index] + next[index])
            for (logits, row) in [(first, whole.rows - 2), (second, whole.rows - 1)] {
                let distance = relativeDistance(
                    logits.selecting(row: index),
                    whole.selecting(row: row)
                )
                #expect(distance < CachePrecision.float.tolerance)
            }
        }
    }

    /// 256 likeliest tokens after five prompts are those of a cache of float, or else the first that is not was as
    /// good as the likeliest.
    ///
    /// Where there are experts, another may be chosen where two were as good, which moves logits by any amount.
    @Test(
        arguments: Fixture.names
            + Fixture.families.filter { !$0.contains("mixtral") && !$0.contains("moe") }
            .map { "families/" + $0 }
    )
    func halvesGiveTheSameText(name: String) throws {
        let model = try LanguageModel(folder: Fixture.folder(name))
        let vocabulary = model.configuration.vocabularySize
        let prompts = (0..<5).map { p in (0...p * 3).map { ($0 * 37 + p * 11 + 1) % vocabulary } }
        let exact = try likeliest(model, after: prompts, .float)
        let rounded = try likeliest(model, after: prompts, .half)
        for index in prompts.indices {
            let pairs = zip(exact.tokens[index], rounded.tokens[index])
            guard let place = pairs.enumerated().first(where: { $1.0 != $1.1 })?.offset else {
                continue
            }
            let logits = Array(exact.logits[place].row(index)).map(Double.init)
            let gap = logits[exact.tokens[index][place]] - logits[rounded.tokens[index][place]]
            let mean = logits.reduce(0, +) / Double(vocabulary)
            let variance =
                logits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(vocabulary)
            // Texts of 270 tokens move by up to 0.036 of the spread, the fixture of qwen2 most; both tokens may.
            #expect(gap <= 2 * 0.04 * variance.squareRoot())
        }
    }

    /// For each prompt the likeliest tokens, and the logits of each step.
    private func likeliest(
        _ model: LanguageModel,
        after prompts: [[Int]],
        _ precision: CachePrecision
    ) throws -> (tokens: [[Int]], logits: [Matrix]) {
        let count = 256
        var state = DecodingState(
            configuration: model.configuration,
            sequences: prompts.count,
            capacity: (prompts.map(\.count).max() ?? 0) + count,
            precision: precision
        )
        var sampler = Sampler(temperature: 0, seed: 0)
        var tokens = [[Int]](repeating: [], count: prompts.count)
        var steps: [Matrix] = []
        var input = prompts
        for _ in 0..<count {
            let logits = try model.extend(&state, with: input)
            for row in prompts.indices {
                let token = sampler.next(logits, row: row)
                tokens[row].append(token)
                input[row] = [token]
            }
            steps.append(logits)
        }
        return (tokens, steps)
    }

    @Test
    func sequencesOfABatchDoNotSeeEachOther() throws {
        let layout = BatchLayout(lengths: [4, 8])
        let together = try model.hidden(for: text, layout: layout)
        let alone = try model.hidden(for: Array(text[4...]), layout: BatchLayout(lengths: [8]))
        let second = Array(together.elements[4 * together.columns..<12 * together.columns])
        let distance = relativeDistance(second, alone.elements.map(Double.init))
        #expect(distance < CachePrecision.float.tolerance)
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

extension CachePrecision {
    /// How far logits of a few dozen tokens may be from those without a cache, over their spread.
    ///
    /// Products of other shapes sum in other orders: float32 rounding, as in ``GoldenTests``. Halves move each key and
    /// value by up to 2⁻¹¹ of itself, 5e-4; models of random weights enlarge that, and twenty times leaves room.
    fileprivate var tolerance: Double {
        switch self {
        case .float: 1e-4
        case .half: 1e-2
        }
    }
}

extension Matrix {
    /// A row as a matrix.
    fileprivate func selecting(row: Int) -> Matrix {
        Matrix(rows: 1, columns: columns, elements: Array(self.row(row)))
    }
}
