import Foundation
import OctavoNumerics
import Testing

/// Each kernel of the backward pass, on every instruction set that this processor runs, against the
/// derivative of its definition in Double; the lengths leave every possible tail.
@Suite
struct BackwardTests {
    @Test(arguments: InstructionSet.available, ElementwiseTests.lengths)
    func rmsNorms(isa: InstructionSet, columns: Int) {
        // Rows for two pieces of work.
        let rows = 67
        let x = ElementwiseTests.matrix(rows, columns, seed: 1)
        let weight = ElementwiseTests.numbers(columns, seed: 2)
        let gradient = ElementwiseTests.matrix(rows, columns, seed: 3)
        let before = ElementwiseTests.matrix(rows, columns, seed: 4)
        var found = before
        let weightGradient = rmsNormBackward(
            x,
            weight: weight,
            epsilon: 1e-3,
            gradient: gradient,
            addingTo: &found,
            threads: 2,
            on: isa
        )
        var expectedWeightGradient = [Double](repeating: 0, count: columns)
        for row in 0..<rows {
            let v = (0..<columns).map { Double(x[row, $0]) }
            let pull = (0..<columns).map { Double(gradient[row, $0]) * Double(weight[$0]) }
            let root = (v.reduce(0) { $0 + $1 * $1 } / Double(columns) + 1e-3).squareRoot()
            let dot = zip(v, pull).reduce(0) { $0 + $1.0 * $1.1 }
            for i in 0..<columns {
                expectedWeightGradient[i] += Double(gradient[row, i]) * v[i] / root
                let expected =
                    Double(before[row, i]) + pull[i] / root
                    - v[i] * dot / (Double(columns) * root * root * root)
                // Numbers up to 4/root, with a sum of `columns` products in one of them.
                let size = 4 / root * ElementwiseTests.tolerance(columns)
                #expect(abs(Double(found[row, i]) - expected) <= 4 * size + 2e-7)
            }
        }
        for (found, expected) in zip(weightGradient, expectedWeightGradient) {
            // 67 terms below 40, but for rows near zero.
            #expect(abs(Double(found) - expected) <= 1e-4)
        }
    }

    /// Rows that take several rows of weights in turn, in two pieces of work that begin in their midst.
    @Test(arguments: InstructionSet.available)
    func rmsNormsOfHeads(isa: InstructionSet) {
        let (rows, columns, heads) = (3 * 25, 5, 3)
        let x = ElementwiseTests.matrix(rows, columns, seed: 1)
        let gradient = ElementwiseTests.matrix(rows, columns, seed: 3)
        let weight = ElementwiseTests.numbers(heads * columns, seed: 2)
        func backward(_ x: Matrix, _ weight: [Float], _ gradient: Matrix) -> (Matrix, [Float]) {
            var found = Matrix(rows: x.rows, columns: columns)
            let weights = rmsNormBackward(
                x,
                weight: weight,
                epsilon: 1e-3,
                gradient: gradient,
                addingTo: &found,
                threads: 2,
                on: isa
            )
            return (found, weights)
        }
        let (found, weights) = backward(x, weight, gradient)
        for head in 0..<heads {
            let own = head * columns..<(head + 1) * columns
            func rowsOfHead(_ matrix: Matrix) -> Matrix {
                let rows = stride(from: head, to: rows, by: heads).flatMap { row in
                    matrix.elements[row * columns..<(row + 1) * columns]
                }
                return Matrix(rows: rows.count / columns, columns: columns, elements: rows)
            }
            let alone = backward(rowsOfHead(x), Array(weight[own]), rowsOfHead(gradient))
            #expect(rowsOfHead(found) == alone.0)
            // The same terms in another order.
            for (a, b) in zip(weights[own], alone.1) { #expect(abs(a - b) < 1e-5) }
        }
    }

    @Test(arguments: InstructionSet.available, ElementwiseTests.lengths)
    func gates(isa: InstructionSet, columns: Int) {
        for (function, range) in [(GateFunction.silu, 60.0), (.tanhGELU, 6)] {
            let gate = Matrix(
                rows: 2,
                columns: columns,
                elements: ElementwiseTests.numbers(2 * columns, seed: 1, range: range)
            )
            let up = ElementwiseTests.matrix(2, columns, seed: 2)
            let gradient = ElementwiseTests.matrix(2, columns, seed: 3)
            var (gateGradient, upGradient) = (gate, up)
            function.backward(
                gate: &gateGradient,
                up: &upGradient,
                gradient: gradient,
                threads: 2,
                on: isa
            )
            for i in gate.elements.indices {
                let (g, u) = (Double(gate.elements[i]), Double(up.elements[i]))
                let d = Double(gradient.elements[i])
                let gelu = function == .tanhGELU
                let root = 2 * (2 / Double.pi).squareRoot()
                let inner = gelu ? root * (g + 0.044715 * g * g * g) : g
                let slope = gelu ? root * (1 + 3 * 0.044715 * g * g) : 1
                let sigmoid = 1 / (1 + exp(-inner))
                // A dozen roundings of the terms of a sum, more where exp's argument was rounded.
                let relative = gelu ? 1e-5 : 1.5e-6
                let expected = d * u * sigmoid * (1 + g * slope * (1 - sigmoid))
                let size = abs(d * u) * sigmoid * (1 + abs(g * slope * (1 - sigmoid)))
                // 1 − sigmoid keeps an error of float's precision of 1, times the gate.
                let cancelled = abs(d * u * sigmoid * g * slope) * 1.2e-7
                #expect(
                    abs(Double(gateGradient.elements[i]) - expected)
                        <= relative * size + cancelled + 1e-11
                )
                let value = d * g * sigmoid
                #expect(
                    abs(Double(upGradient.elements[i]) - value) <= relative * abs(value) + 1e-11
                )
            }
        }
    }

    @Test(arguments: InstructionSet.available, ElementwiseTests.lengths)
    func caps(isa: InstructionSet, columns: Int) {
        let x = Matrix(
            rows: 2,
            columns: columns,
            elements: ElementwiseTests.numbers(2 * columns, seed: 1, range: 100)
        )
        let gradient = ElementwiseTests.matrix(2, columns, seed: 2)
        var (capped, found) = (x, gradient)
        capped.softCap(30, on: isa)
        found.softCapBackward(30, capped: capped, on: isa)
        for i in x.elements.indices {
            let slope = 1 / pow(cosh(Double(x.elements[i]) / 30), 2)
            // What is left of 1 after a number near 1 was taken away.
            #expect(abs(Double(found.elements[i]) - Double(gradient.elements[i]) * slope) < 2e-6)
        }
    }

    @Test(arguments: InstructionSet.available, ElementwiseTests.lengths + [1000])
    func logitGradients(isa: InstructionSet, columns: Int) {
        func matrix(_ seed: UInt64) -> Matrix {
            Matrix(
                rows: 3,
                columns: columns,
                elements: ElementwiseTests.numbers(3 * columns, seed: seed, range: 8)
            )
        }
        let (student, teacher) = (matrix(1), matrix(2))
        func probabilities(_ logits: Matrix, _ row: Int) -> [Double] {
            let powers = (0..<columns).map { exp(Double(logits[row, $0])) }
            let sum = powers.reduce(0, +)
            return powers.map { $0 / sum }
        }
        let targets = [columns - 1, nil, 0]
        var (towardsTeacher, towardsTargets) = (student, student)
        let divergences = replaceByDivergenceGradient(
            &towardsTeacher,
            teacher: teacher,
            times: 0.5,
            threads: 2,
            on: isa
        )
        let losses = replaceByLikelihoodGradient(
            &towardsTargets,
            targets: targets,
            times: 0.5,
            threads: 2,
            on: isa
        )
        for row in 0..<3 {
            let (s, t) = (probabilities(student, row), probabilities(teacher, row))
            let expected = zip(t, s).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
            #expect(abs(divergences[row] - expected) < 1e-5)
            #expect(abs(losses[row] - (targets[row].map { -log(s[$0]) } ?? 0)) < 1e-5)
            for i in 0..<columns {
                // Probabilities from logits below 16, which float holds to 1e-6.
                #expect(abs(Double(towardsTeacher[row, i]) - 0.5 * (s[i] - t[i])) < 2e-6)
                let hit = targets[row] == i ? 1.0 : 0
                let slope = targets[row] == nil ? 0 : 0.5 * (s[i] - hit)
                #expect(abs(Double(towardsTargets[row, i]) - slope) < 2e-6)
            }
        }
    }

    /// Groups of every length, and rows for two pieces of work.
    @Test(arguments: InstructionSet.available, Array(1...35))
    func additiveWeights(isa: InstructionSet, size: Int) {
        let (rows, groups, codebooks, entries) = (67, 3, 2, 8)
        let indices = (0..<rows * groups * codebooks).map { UInt16($0 * 5 % 7) }
        let codes = AdditiveCodes(
            indices,
            rows: rows,
            groups: groups,
            codebooks: codebooks,
            entries: entries,
            size: size
        )
        let books = ElementwiseTests.numbers(codebooks * entries * size, seed: 2)
        let scales = ElementwiseTests.numbers(rows, seed: 3)
        let gradient = ElementwiseTests.matrix(rows, groups * size, seed: 4)
        let weights = codes.weights(codebooks: books, scales: scales, threads: 2, on: isa)
        let found = codes.backward(
            gradient,
            codebooks: books,
            scales: scales,
            threads: 2,
            on: isa
        )
        var bookGradient = [Double](repeating: 0, count: books.count)
        for row in 0..<rows {
            var scaleGradient = 0.0
            for column in 0..<groups * size {
                let place = (row * groups + column / size) * codebooks
                let used = (0..<codebooks).map {
                    ($0 * entries + Int(indices[place + $0])) * size + column % size
                }
                // The same operations in the same order.
                #expect(weights[row, column] == (books[used[0]] + books[used[1]]) * scales[row])
                let d = Double(gradient[row, column])
                for at in used {
                    bookGradient[at] += d * Double(scales[row])
                    scaleGradient += d * Double(books[at])
                }
            }
            // Sums of up to 210 products below 4.
            #expect(abs(Double(found.scales[row]) - scaleGradient) < 2e-5)
        }
        for (found, expected) in zip(found.codebooks, bookGradient) {
            #expect(abs(Double(found) - expected) < 2e-5)
        }
    }
}
