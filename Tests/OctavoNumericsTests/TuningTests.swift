import Foundation
import OctavoNumerics
import Testing

/// The loops of PV-Tuning, on every instruction set that this processor runs, against their definitions in
/// Double.
@Suite
struct TuningTests {
    @Test(arguments: InstructionSet.available, ElementwiseTests.lengths)
    func bufferSteps(isa: InstructionSet, columns: Int) {
        let weights = ElementwiseTests.matrix(3, columns, seed: 1)
        var buffer = StraightThroughBuffer(weights)
        var expected = weights.elements.map(Double.init)
        var squares = [Double](repeating: 0, count: expected.count)
        for step in 1...3 {
            let gradient = ElementwiseTests.matrix(3, columns, seed: UInt64(10 + step))
            buffer.step(gradient, rate: 0.01, threads: 2, on: isa)
            for i in squares.indices {
                squares[i] = 0.95 * squares[i] + 0.05 * pow(Double(gradient.elements[i]), 2)
            }
            let directions = squares.indices.map { i in
                squares[i] > 0
                    ? Double(gradient.elements[i]) * (1 - pow(0.95, Double(step))).squareRoot()
                        / squares[i].squareRoot() : 0
            }
            func norm(_ values: [Double]) -> Double {
                values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            }
            let size = 0.01 * norm(expected) / norm(directions)
            for i in expected.indices { expected[i] -= size * directions[i] }
        }
        for (found, expected) in zip(buffer.weights.elements, expected) {
            // Three steps, each of which rounds a number below 2 and a quotient to seven digits.
            #expect(abs(Double(found) - expected) < 1e-6)
        }
        #expect(buffer.steps == 3)
    }

    @Test
    func aGradientOfZeroMovesNothing() {
        let weights = ElementwiseTests.matrix(2, 8, seed: 1)
        var buffer = StraightThroughBuffer(weights)
        buffer.step(Matrix(rows: 2, columns: 8), rate: 0.1, threads: 1)
        #expect(buffer.weights == weights)
    }

    @Test(arguments: InstructionSet.available, [1, 4, 8, 13])
    func distances(isa: InstructionSet, size: Int) {
        let a = ElementwiseTests.matrix(5, 6 * size, seed: 1)
        let b = ElementwiseTests.matrix(5, 6 * size, seed: 2)
        let found = groupDistances(a, b, size: size, threads: 2, on: isa)
        #expect(found.count == 30)
        for (group, distance) in found.enumerated() {
            let expected = (group * size..<(group + 1) * size).reduce(0.0) {
                $0 + pow(Double(a.elements[$1]) - Double(b.elements[$1]), 2)
            }
            // A sum of at most 13 squares in single precision.
            #expect(abs(Double(distance) - expected) <= 2e-6 * (1 + expected))
        }
    }

    /// With many equal numbers, and with numbers that differ in their last bit alone.
    @Test(arguments: [0, 1, 5, 100, 399, 400, 1000])
    func largest(count: Int) {
        let values = (0..<400).map { i -> Float in
            switch i % 4 {
            case 0: 1
            case 1: Float(1).nextUp
            case 2: Float((i * 7919) % 101)
            default: 0
            }
        }
        let sorted = values.indices.sorted { (values[$0], $1) > (values[$1], $0) }
        #expect(indicesOfLargest(values, count: count) == sorted.prefix(count).sorted())
    }
}

/// The divergence from a distribution of which only the largest probabilities are known.
@Suite
struct LargestProbabilityTests {
    private let student = ElementwiseTests.matrix(4, 40, seed: 1)
    private let teacher = ElementwiseTests.matrix(4, 40, seed: 2)

    @Test
    func keepsTheLargest() {
        let kept = LargestProbabilities(ofLogits: teacher, count: 7, threads: 2)
        for row in 0..<4 {
            let logits = teacher.elements[row * 40..<(row + 1) * 40].map(Double.init)
            let sum = logits.reduce(0) { $0 + exp($1) }
            let order = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(7)
            #expect(kept.indices[row * 7..<row * 7 + 7].map(Int.init) == Array(order))
            for (value, index) in zip(kept.values[row * 7..<row * 7 + 7], order) {
                // Floats have seven digits.
                #expect(abs(Double(value) - exp(logits[index]) / sum) < 1e-6)
            }
        }
    }

    /// With all probabilities it is the divergence of the whole distribution.
    @Test
    func isWholeWithAll() {
        var (whole, found) = (student, student)
        let expected = replaceByDivergenceGradient(
            &whole,
            teacher: teacher,
            times: 0.5,
            threads: 1
        )
        let all = LargestProbabilities(ofLogits: teacher, count: 40, threads: 1)
        let losses = replaceByDivergenceGradient(&found, teacher: all, times: 0.5, threads: 1)
        for (loss, expected) in zip(losses, expected) { #expect(abs(loss - expected) < 1e-6) }
        for (found, expected) in zip(found.elements, whole.elements) {
            #expect(abs(found - expected) < 1e-6)
        }
    }

    /// The loss by its definition, and the gradient by differences of it.
    @Test(arguments: [1, 3, 20])
    func countsTheRestAsOne(count: Int) {
        let kept = LargestProbabilities(ofLogits: teacher, count: count, threads: 1)
        func loss(_ logits: [Double], row: Int) -> Double {
            let sum = logits.reduce(0) { $0 + exp($1) }
            var (total, rest, goalRest) = (0.0, 1.0, 1.0)
            for at in row * count..<(row + 1) * count {
                let goal = Double(kept.values[at])
                let chance = exp(logits[Int(kept.indices[at])]) / sum
                total += goal * log(goal / chance)
                rest -= chance
                goalRest -= goal
            }
            return total + goalRest * log(goalRest / rest)
        }
        var gradient = student
        let losses = replaceByDivergenceGradient(&gradient, teacher: kept, times: 1, threads: 2)
        for row in 0..<4 {
            let logits = student.elements[row * 40..<(row + 1) * 40].map(Double.init)
            // Kept probabilities are floats, and so is what they leave to the rest.
            #expect(abs(losses[row] - loss(logits, row: row)) < 1e-5)
            for i in 0..<40 {
                var (more, less) = (logits, logits)
                more[i] += 1e-4
                less[i] -= 1e-4
                let expected = (loss(more, row: row) - loss(less, row: row)) / 2e-4
                #expect(abs(Double(gradient[row, i]) - expected) < 2e-5)
            }
        }
    }

    /// Where the kept ones are all there is, what is left is noise, which must not be divided by.
    @Test
    func survivesCertainty() {
        var logits = Matrix(rows: 1, columns: 40)
        logits[0, 3] = 200
        let kept = LargestProbabilities(ofLogits: logits, count: 2, threads: 1)
        var same = logits
        let losses = replaceByDivergenceGradient(&same, teacher: kept, times: 1, threads: 1)
        #expect(losses[0] == 0)
        #expect(same.elements.allSatisfy { $0 == 0 })
        var far = logits
        (far[0, 3], far[0, 4]) = (0, 200)
        let lost = replaceByDivergenceGradient(&far, teacher: kept, times: 1, threads: 1)
        #expect(abs(lost[0] - 200) < 1e-3)
        #expect(far.elements.allSatisfy { $0.isFinite })
    }
}
