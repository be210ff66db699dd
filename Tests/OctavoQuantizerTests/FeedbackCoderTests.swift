import OctavoBase
import OctavoNumerics
import Testing

@testable import OctavoQuantizer

/// Coding with error feedback against all codings there are.
@Suite
struct FeedbackCoderTests {
    private let damping = 0.01

    /// Three groups of two inputs and four entries: 64 codings of a row.
    private struct Case {
        let hessian: Matrix
        let codebooks: Codebooks
        let targets: Matrix
        let scales: [Float] = [1, -0.7]

        init(seed: Int, books: Int, entries: Int, groups: Int) {
            var generator = SeededGenerator(seed: UInt64(seed))
            hessian = randomHessian(2 * groups, &generator)
            var codebooks = Codebooks(count: books, entries: entries, size: 2)
            codebooks.vectors = randomMatrix(books * entries, 2, &generator)
            self.codebooks = codebooks
            targets = randomMatrix(2, 2 * groups, &generator)
        }

        /// `E (H + damping) Eᵀ` of a row coded so, in double precision.
        func loss(_ codes: [[UInt16]], row: Int, damping: Double) -> Double {
            var error = (0..<targets.columns).map { -Double(targets[row, $0]) }
            for (group, codes) in codes.enumerated() {
                for (book, code) in codes.enumerated() {
                    for i in 0..<2 {
                        let entry = codebooks.vectors[book * codebooks.entries + Int(code), i]
                        error[2 * group + i] += Double(scales[row]) * Double(entry)
                    }
                }
            }
            var loss = 0.0
            for a in error.indices {
                loss += damping * error[a] * error[a]
                for b in error.indices { loss += error[a] * Double(hessian[a, b]) * error[b] }
            }
            return loss
        }

        /// The least loss of all codings of a row.
        func least(row: Int, damping: Double) -> Double {
            let (books, groups) = (codebooks.count, targets.columns / 2)
            let places = books * groups
            let codings = (0..<places).reduce(1) { count, _ in count * codebooks.entries }
            return (0..<codings).map { coding in
                var rest = coding
                let codes = (0..<groups).map { _ in
                    (0..<books).map { _ in
                        defer { rest /= codebooks.entries }
                        return UInt16(rest % codebooks.entries)
                    }
                }
                return loss(codes, row: row, damping: damping)
            }.min() ?? .infinity
        }

        /// The losses of what the coder finds, row by row.
        func found(hypotheses: Int, continuations: Int, damping: Double) throws -> [Double] {
            let coder = FeedbackCoder(
                metric: try FeedbackMetric(hessian: hessian, groupSize: 2, damping: damping),
                codebooks: codebooks,
                search: CodeSearch(codebooks, beam: codebooks.entries),
                hypotheses: hypotheses,
                continuations: continuations,
                threads: 1
            )
            let codes = coder.codes(for: targets, scales: scales)
            return (0..<2).map { row in
                let count = codebooks.count
                let ofRow = codes.map { Array($0[row * count..<(row + 1) * count]) }
                return loss(ofRow, row: row, damping: damping)
            }
        }
    }

    /// As wide as all codings of all groups but the last, the beam loses none that could win.
    @Test(arguments: 0..<20)
    func wideEnoughFindsTheBest(seed: Int) throws {
        for (books, entries, groups, width) in [(1, 4, 3, 16), (2, 2, 3, 16), (1, 8, 2, 8)] {
            let example = Case(seed: seed, books: books, entries: entries, groups: groups)
            let pairs = books == 1 ? entries : entries * entries
            let found = try example.found(
                hypotheses: width,
                continuations: pairs,
                damping: damping
            )
            for row in 0..<2 {
                let least = example.least(row: row, damping: damping)
                // Losses are about a hundred, and the coder adds up in single precision.
                #expect(found[row] <= least + 1e-3 + 1e-5 * least)
            }
        }
    }

    /// On the whole, more hypotheses lose less, and one alone misses what the best coding would gain.
    @Test
    func moreHypothesesLoseLess() throws {
        var totals = [1: 0.0, 2: 0.0, 4: 0.0, 16: 0.0]
        for seed in 0..<60 {
            let example = Case(seed: seed, books: 1, entries: 4, groups: 3)
            for width in totals.keys {
                let losses = try example.found(
                    hypotheses: width,
                    continuations: 4,
                    damping: damping
                )
                totals[width, default: 0] += losses.reduce(0, +)
            }
        }
        let ordered = [1, 2, 4, 16].compactMap { totals[$0] }
        #expect(zip(ordered, ordered.dropFirst()).allSatisfy { $0 > $1 }, "\(ordered)")
    }

    /// Rows do not know of each other: many at a time give what each gives alone.
    @Test(arguments: [1, 3])
    func rowsAreIndependent(hypotheses: Int) throws {
        var generator = SeededGenerator(seed: 5)
        let metric = try FeedbackMetric(
            hessian: randomHessian(32, &generator),
            groupSize: 4,
            damping: damping
        )
        var codebooks = Codebooks(count: 2, entries: 16, size: 4)
        codebooks.vectors = randomMatrix(32, 4, &generator)
        let coder = FeedbackCoder(
            metric: metric,
            codebooks: codebooks,
            search: CodeSearch(codebooks, beam: 8),
            hypotheses: hypotheses,
            continuations: 3,
            threads: 2
        )
        // More rows than are coded at a time.
        let targets = randomMatrix(2500, 32, deviation: 2, &generator)
        let scales = [Float](repeating: 1, count: 2500)
        let all = coder.codes(for: targets, scales: scales)
        for row in [0, 1, 700, 2047, 2048, 2499] {
            let one = coder.codes(for: targets.gathered(rows: [row]), scales: [1])
            for group in 0..<8 {
                #expect(Array(all[group][2 * row..<2 * row + 2]) == one[group])
            }
        }
    }
}
