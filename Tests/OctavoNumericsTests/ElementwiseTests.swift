import Foundation
import OctavoBase
import OctavoNumerics
import Testing

/// Each kernel of the forward pass, on every instruction set that this processor runs, against its
/// definition in Double; the lengths leave every possible tail behind vectors of 4, 8 and 16.
@Suite
struct ElementwiseTests {
    static let lengths = Array(1...35) + [64, 100, 257]

    /// A sum of `n` float32 products in any order is off by less than this many units of its terms.
    static func tolerance(_ n: Int) -> Double { 1.2e-7 * (2 + Double(n).squareRoot()) }

    static func numbers(_ count: Int, seed: UInt64, range: Double = 2) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float((generator.nextUnit() - 0.5) * 2 * range) }
    }

    static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
        Matrix(rows: rows, columns: columns, elements: numbers(rows * columns, seed: seed))
    }

    /// Two units in the last place of float32, over the whole range and at its ends.
    @Test(arguments: InstructionSet.available)
    func exponential(isa: InstructionSet) {
        let x = Self.numbers(20_011, seed: 1, range: 87) + [0, -0.0, 1, -1, 88, -87, 1e-30]
        for (x, y) in zip(x, exponentials(of: x, on: isa)) {
            #expect(abs(Double(y) - exp(Double(x))) <= 2.4e-7 * exp(Double(x)))
        }
        // Beyond the ends: the ends.
        let beyond = exponentials(of: [-1000, -.infinity, 1000, .infinity], on: isa)
        #expect(beyond == exponentials(of: [-87, -87, 88, 88], on: isa))
        #expect(beyond.allSatisfy { $0.isNormal })
    }

    @Test(arguments: InstructionSet.available, lengths)
    func exponentialTails(isa: InstructionSet, count: Int) {
        let x = Self.numbers(count, seed: UInt64(count))
        for (x, y) in zip(x, exponentials(of: x, on: isa)) {
            #expect(abs(Double(y) - exp(Double(x))) <= 2.4e-7 * exp(Double(x)))
        }
    }

    @Test(arguments: InstructionSet.available, lengths)
    func rmsNorms(isa: InstructionSet, columns: Int) {
        let x = Self.matrix(3, columns, seed: 1)
        let weight = Self.numbers(columns, seed: 2)
        let y = rmsNorm(x, weight: weight, epsilon: 1e-5, threads: 2, on: isa)
        for row in 0..<3 {
            let squares = (0..<columns).reduce(0.0) { $0 + pow(Double(x[row, $1]), 2) }
            let root = (squares / Double(columns) + 1e-5).squareRoot()
            for column in 0..<columns {
                let expected = Double(x[row, column]) / root * Double(weight[column])
                #expect(
                    abs(Double(y[row, column]) - expected) <= Self.tolerance(columns)
                        * abs(expected)
                )
            }
        }
    }

    @Test(arguments: InstructionSet.available, lengths)
    func siluProducts(isa: InstructionSet, columns: Int) {
        let gate = Matrix(
            rows: 2,
            columns: columns,
            elements: Self.numbers(2 * columns, seed: 1, range: 60)
        )
        let up = Self.matrix(2, columns, seed: 2)
        var y = gate
        siluProduct(gate: &y, up: up, threads: 2, on: isa)
        for ((g, u), y) in zip(zip(gate.elements, up.elements), y.elements) {
            let expected = Double(g) / (1 + exp(-Double(g))) * Double(u)
            // Two units of exp, one each of a sum, a quotient and a product.
            #expect(abs(Double(y) - expected) <= 6e-7 * abs(expected))
        }
    }

    @Test(arguments: InstructionSet.available, lengths)
    func sums(isa: InstructionSet, columns: Int) {
        let x = Self.matrix(3, columns, seed: 1)
        let vector = Self.numbers(columns, seed: 2)
        var y = Self.matrix(3, columns, seed: 3)
        let expected = zip(x.elements, y.elements).map { $0 + $1 }
        add(x, to: &y, threads: 2, on: isa)
        #expect(y.elements == expected)
        add(vector, toRowsOf: &y, threads: 2, on: isa)
        #expect(y.elements == expected.enumerated().map { $1 + vector[$0 % columns] })
    }

    @Test(arguments: InstructionSet.available, lengths)
    func rotations(isa: InstructionSet, half: Int) {
        let (heads, positions) = (3, [2, 0])
        let angles = Self.numbers(3 * half, seed: 1)
        func table(_ function: (Double) -> Double) -> Matrix {
            Matrix(rows: 3, columns: half, elements: angles.map { Float(function(Double($0))) })
        }
        let x = Self.matrix(2, heads * 2 * half, seed: 2)
        var y = x
        RotaryTable(cosines: table(cos), sines: table(sin))
            .rotate(&y, positions: positions, threads: 2, on: isa)
        for (row, position) in positions.enumerated() {
            for head in 0..<heads {
                for i in 0..<half {
                    let (first, second) = (head * 2 * half + i, head * 2 * half + half + i)
                    let angle = Double(angles[position * half + i])
                    let (a, b) = (Double(x[row, first]), Double(x[row, second]))
                    // Numbers below 3, three roundings.
                    #expect(abs(Double(y[row, first]) - (a * cos(angle) - b * sin(angle))) < 6e-7)
                    #expect(abs(Double(y[row, second]) - (b * cos(angle) + a * sin(angle))) < 6e-7)
                }
            }
        }
    }

    /// Row by row: sums of exponentials by which losses and divergences are formed.
    @Test(arguments: InstructionSet.available, lengths + [1000])
    func logProbabilities(isa: InstructionSet, count: Int) {
        let t = Self.numbers(count, seed: 1, range: 8)
        let s = Self.numbers(count, seed: 2, range: 8)
        func logOfSum(_ x: [Float]) -> Double { log(x.reduce(0.0) { $0 + exp(Double($1)) }) }
        #expect(abs(logSumExp(t.span, on: isa) - logOfSum(t)) < 1e-6)
        let expected = zip(t, s).reduce(0.0) { sum, pair in
            let (p, q) = (Double(pair.0) - logOfSum(t), Double(pair.1) - logOfSum(s))
            return sum + exp(p) * (p - q)
        }
        // Terms below 16, weighted by probabilities, each off by a few 1e-7.
        #expect(abs(divergence(teacher: t.span, student: s.span, on: isa) - expected) < 1e-5)
        #expect(indexOfLargest(t.span, on: isa) == t.indices.max { t[$0] < t[$1] })
    }
}
