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

    /// Heads that are normed each with weights of its own: rows take the weights in turn.
    @Test(arguments: InstructionSet.available)
    func rmsNormsOfHeads(isa: InstructionSet) {
        let x = Self.matrix(6, 5, seed: 1)
        let weight = Self.numbers(15, seed: 2)
        let y = rmsNorm(x, weight: weight, epsilon: 1e-5, threads: 2, on: isa)
        for head in 0..<3 {
            let own = Array(weight[head * 5..<(head + 1) * 5])
            let alone = rmsNorm(x, weight: own, epsilon: 1e-5, threads: 1, on: isa)
            for row in [head, head + 3] {
                for column in 0..<5 { #expect(y[row, column] == alone[row, column]) }
            }
        }
    }

    /// `g · σ(g)`, and `g/2 · (1 + tanh(√(2/π) (g + 0.044715 g³)))`.
    @Test(arguments: InstructionSet.available, lengths)
    func gates(isa: InstructionSet, columns: Int) {
        for (function, range) in [(GateFunction.silu, 60.0), (.tanhGELU, 6)] {
            let gate = Matrix(
                rows: 2,
                columns: columns,
                elements: Self.numbers(2 * columns, seed: 1, range: range)
            )
            let up = Self.matrix(2, columns, seed: 2)
            var y = gate
            function.multiply(gate: &y, by: up, threads: 2, on: isa)
            for ((g, u), y) in zip(zip(gate.elements, up.elements), y.elements) {
                let (g, u) = (Double(g), Double(u))
                switch function {
                case .silu:
                    let expected = g / (1 + exp(-g)) * u
                    // Two units of exp, one each of a sum, a quotient and a product.
                    #expect(abs(Double(y) - expected) <= 6e-7 * abs(expected))
                case .tanhGELU:
                    let inner = (2 / Double.pi).squareRoot() * (g + 0.044715 * g * g * g)
                    let expected = g / 2 * (1 + tanh(inner)) * u
                    // Rounding the argument of exp, up to 29, is what weighs most.
                    #expect(abs(Double(y) - expected) <= 8e-6 * abs(expected) + 1e-11)
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available, lengths)
    func caps(isa: InstructionSet, columns: Int) {
        var x = Matrix(
            rows: 2,
            columns: columns,
            elements: Self.numbers(2 * columns, seed: 1, range: 200)
        )
        x.elements[0] = 1e-3
        var y = x
        y.softCap(50, on: isa)
        for (x, y) in zip(x.elements, y.elements) {
            // A few roundings of numbers up to 50.
            #expect(abs(Double(y) - 50 * tanh(Double(x) / 50)) <= 2e-5)
        }
        y.elements = [.infinity, -.infinity] + y.elements.dropFirst(2)
        y.softCap(50, on: isa)
        #expect(y.elements[0] == 50 && y.elements[1] == -50)
    }

    @Test(arguments: InstructionSet.available, lengths)
    func rowsAreCentered(isa: InstructionSet, columns: Int) {
        let x = Self.matrix(3, columns, seed: 1)
        var y = x
        y.centerRows(threads: 2, on: isa)
        for row in 0..<3 {
            let mean = (0..<columns).reduce(0.0) { $0 + Double(x[row, $1]) } / Double(columns)
            for i in 0..<columns {
                // Numbers below 2, and the mean of them.
                let tolerance = 2 * Self.tolerance(columns)
                #expect(abs(Double(y[row, i]) - (Double(x[row, i]) - mean)) <= tolerance)
            }
        }
    }

    @Test
    func columnsAreTakenApartAndJoined() {
        let x = Self.matrix(3, 7, seed: 1)
        let parts = [0..<2, 2..<3, 3..<7].map { x.selecting(columns: $0) }
        #expect(parts[1].elements == [x[0, 2], x[1, 2], x[2, 2]])
        #expect(Matrix(sideBySide: parts) == x)
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

    /// Whole heads and heads of which a part is rotated, by halves and by neighbours.
    @Test(arguments: InstructionSet.available, lengths)
    func rotations(isa: InstructionSet, pairs: Int) {
        let (heads, positions) = (3, [2, 0])
        let angles = Self.numbers(3 * pairs, seed: 1)
        func table(_ function: (Double) -> Double) -> Matrix {
            Matrix(rows: 3, columns: pairs, elements: angles.map { Float(function(Double($0))) })
        }
        for (rest, pairing) in [(0, RotaryTable.Pairing.halves), (5, .halves), (0, .neighbours)] {
            let width = 2 * pairs + rest
            let x = Self.matrix(2, heads * width, seed: 2)
            var y = x
            let rotation = RotaryTable(
                cosines: table(cos),
                sines: table(sin),
                headDimension: width,
                pairing: pairing
            )
            rotation.rotate(&y, positions: positions, threads: 2, on: isa)
            var expected = x.elements.map(Double.init)
            for (row, position) in positions.enumerated() {
                for head in 0..<heads {
                    for i in 0..<pairs {
                        let start = row * x.columns + head * width
                        let (first, second) =
                            pairing == .halves
                            ? (start + i, start + pairs + i) : (start + 2 * i, start + 2 * i + 1)
                        let angle = Double(angles[position * pairs + i])
                        let (a, b) = (expected[first], expected[second])
                        expected[first] = a * cos(angle) - b * sin(angle)
                        expected[second] = b * cos(angle) + a * sin(angle)
                    }
                }
            }
            // Numbers below 3, three roundings.
            for (a, b) in zip(y.elements, expected) { #expect(abs(Double(a) - b) < 6e-7) }
            rotation.transposed.rotate(&y, positions: positions, threads: 2, on: isa)
            for (a, b) in zip(y.elements, x.elements) { #expect(abs(a - b) < 1.2e-6) }
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
