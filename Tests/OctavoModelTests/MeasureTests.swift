import OctavoModel
import OctavoNumerics
import Testing

/// Measures against values by hand and against their definitions in Double.
@Suite
struct MeasureTests {
    /// Two rows over three tokens, as logarithms of probabilities: the softmax gives them back.
    private static func logits(_ rows: [[Double]], shift: Float = 0) -> Matrix {
        Matrix(
            rows: rows.count,
            columns: rows[0].count,
            elements: rows.joined().map { Float(logarithm($0)) + shift }
        )
    }

    /// log 2 is all that is needed: the probabilities below are powers of two.
    private static func logarithm(_ power: Double) -> Double {
        Double(power.exponent) * 0.6931471805599453
    }

    private let teacher = MeasureTests.logits([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
    private let student = MeasureTests.logits([[0.25, 0.5, 0.25], [0.25, 0.25, 0.5]], shift: 30)

    @Test
    func lossByHand() {
        // -log 0.25 - log 0.5 = 3 log 2, whatever is added to all logits.
        for logits in [Self.logits([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]], shift: 9), teacher] {
            let loss = textLoss(logits: logits, targets: [1, 2], threads: 2)
            #expect(abs(loss.total - 3 * 0.6931471805599453) < 3e-6)
            #expect(loss.count == 2)
            #expect(abs(loss.perplexity - 2.8284271) < 1e-5)
        }
    }

    @Test
    func distanceByHand() {
        // 0.5 log 2 - 0.25 log 2 in the first row; nothing in the second.
        let distance = teacherDistance(teacher: teacher, student: student, threads: 2)
        #expect(abs(distance.total - 0.25 * 0.6931471805599453) < 3e-6)
        #expect(distance.agreeing == 1 && distance.count == 2)
        #expect(distance.agreement == 0.5)
        #expect(abs(distance.meanDivergence - 0.125 * 0.6931471805599453) < 2e-6)
    }

    @Test
    func topLogitsAreSorted() {
        let logits = Matrix(rows: 2, columns: 4, elements: [1, 3, 3, 2, 0, -1, -2, 5])
        let top = topLogits(logits, rows: [1, 0], count: 3)
        #expect(top.map(\.position) == [1, 0])
        #expect(top.map(\.ids) == [[3, 0, 1], [1, 2, 3]])
        #expect(top.map(\.values) == [[5, 0, -1], [3, 3, 2]])
    }

    @Test(arguments: [
        (10, 4, Int.max, [[0, 1, 2, 3], [4, 5, 6, 7]]), (10, 4, 1, [[0, 1, 2, 3]]),
        (3, 4, .max, [[0, 1, 2]]), (0, 4, .max, []), (4, 4, .max, [[0, 1, 2, 3]]),
    ])
    func windowsDoNotOverlap(count: Int, length: Int, limit: Int, expected: [[Int]]) {
        #expect(windows(of: Array(0..<count), length: length, limit: limit) == expected)
    }

    /// Windows longer than what the head takes at a time, and a batch of unequal lengths.
    @Test
    func chunkedMeasuresEqualWholeOnes() throws {
        let model = try Fixture.model()
        let other = try LanguageModel(folder: Fixture.folder(Fixture.names[2]))
        let tokens = (0..<300).map { ($0 * 37 + 11) % 96 }
        let whole = try model.logits(for: tokens)
        let found = try model.textLoss([tokens])
        var expected = textLoss(
            logits: Matrix(rows: 299, columns: 96, elements: Array(whole.elements.dropLast(96))),
            targets: tokens.dropFirst(),
            threads: 1
        )
        #expect(found.count == 299)
        #expect(abs(found.total - expected.total) < 1e-5 * expected.total)

        let layout = BatchLayout(lengths: [200, 100])
        let hidden = try model.hidden(for: tokens, layout: layout)
        let batch = model.ends.textLoss(hidden, tokens: tokens, layout: layout, Execution())
        expected = try model.textLoss([Array(tokens[..<200]), Array(tokens[200...])])
        #expect(batch.count == 298)
        #expect(abs(batch.total - expected.total) < 1e-5 * expected.total)

        let distance = try model.distance(from: other, on: [tokens])
        let reference = try teacherDistance(
            teacher: other.logits(for: tokens),
            student: whole,
            threads: 1
        )
        #expect(distance.count == 300 && distance.agreeing == reference.agreeing)
        #expect(abs(distance.total - reference.total) < 1e-5 * reference.total)
        #expect(try model.distance(from: model, on: [tokens]).total.magnitude < 1e-4)
    }
}
