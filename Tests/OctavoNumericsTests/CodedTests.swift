import OctavoBase
import OctavoNumerics
import Testing

/// Products with weights that stay coded, against their definition in double precision.
@Suite
struct CodedTests {
    /// Codebooks, entries, group size, outputs, groups: tails of 64 outputs and of runs, odd groups, one of
    /// everything.
    static let shapes = [
        (1, 256, 8, 1, 1), (2, 256, 8, 70, 9), (2, 256, 8, 192, 12), (1, 256, 8, 129, 17),
        (3, 256, 12, 65, 5), (4, 256, 16, 128, 3), (5, 64, 6, 63, 4), (8, 256, 32, 64, 2),
        (2, 2, 1, 10, 40), (7, 16, 4, 1100, 3),
    ]

    /// A layer and an input with one group a thousand times as large as the others.
    struct Case {
        let codebooks, entries, size, outputs, groups: Int
        let codes: [Int]
        let books: [Float]
        let scales: [Float]
        var x: Matrix

        init(_ shape: (Int, Int, Int, Int, Int), rows: Int) {
            (codebooks, entries, size, outputs, groups) = shape
            var generator = SeededGenerator(seed: 7)
            let count = outputs * groups * codebooks
            let entries = entries
            codes = (0..<count).map { _ in Int.random(in: 0..<entries, using: &generator) }
            books = ElementwiseTests.numbers(codebooks * entries * size, seed: 2)
            scales = ElementwiseTests.numbers(outputs, seed: 3)
            x = ElementwiseTests.matrix(rows, groups * size, seed: 1)
            for row in 0..<rows { x[row, 0] *= 1000 }
        }

        func code(_ output: Int, _ group: Int, _ book: Int) -> Int {
            codes[(output * groups + group) * codebooks + book]
        }

        func weight(_ output: Int, _ input: Int) -> Double {
            (0..<codebooks).reduce(0.0) { sum, book in
                let entry = book * entries + code(output, input / size, book)
                return sum + Double(books[entry * size + input % size])
            } * Double(scales[output])
        }

        /// The product, and the sum of the magnitudes of its terms, one for each entry.
        func product(_ row: Int, _ output: Int) -> (value: Double, magnitude: Double) {
            (0..<groups * size).reduce((0, 0)) { sum, input in
                let terms = (0..<codebooks).map { book in
                    let entry = book * entries + code(output, input / size, book)
                    return Double(x[row, input]) * Double(books[entry * size + input % size])
                        * Double(scales[output])
                }
                return (
                    sum.0 + terms.reduce(0, +), sum.1 + terms.reduce(0.0) { $0 + abs($1) }
                )
            }
        }

        /// What rounding to whole numbers may add to a sum: half a unit for each number of a table, where a run's
        /// unit lets the longest vectors reach nearly 32700, and where inputs and entries are whole numbers of 15
        /// bits, half a step of each, times the other.
        func tableError(_ row: Int, _ output: Int) -> Double {
            func length(_ numbers: ArraySlice<Float>) -> Double {
                numbers.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            }
            let lengths = (0..<codebooks).map { book in
                (0..<entries).map { entry in
                    let start = (book * entries + entry) * size
                    return length(books[start..<start + size])
                }.max() ?? 0
            }
            let longest = lengths.reduce(0, +)
            let run = max(1, 4 / codebooks)
            let root = Double(size).squareRoot()
            return stride(from: 0, to: groups, by: run).reduce(0.0) { sum, first in
                let inputs = (first..<min(first + run, groups)).map { group in
                    let start = row * x.columns + group * size
                    return length(x.elements[start..<start + size])
                }
                // Twice as much where one input is nearly all of a run.
                let unit = 2 * inputs.reduce(0, +) * longest / (32700 - 4 * Double(size))
                let count = Double(inputs.count * codebooks)
                // Sums of magnitudes are at most lengths times the root of the size.
                let steps = lengths.reduce(0.0) { sum, entry in
                    let inputSteps = Double(inputs.count) * unit / 65536 * 32767 * 0.5 * root
                    return sum + inputSteps + 0.5 * entry / 32767 * root * inputs.reduce(0, +)
                }
                return sum + 0.5 * unit * count + steps
            } * abs(Double(scales[output]))
        }

        func lookup(_ kernel: LookupKernel = .best) -> LookupWeights {
            var laidOut = [UInt8](repeating: 0, count: codes.count)
            for output in 0..<outputs {
                for group in 0..<groups {
                    for book in 0..<codebooks {
                        laidOut[(group * codebooks + book) * outputs + output] = UInt8(
                            code(output, group, book)
                        )
                    }
                }
            }
            return LookupWeights(
                outputs: outputs,
                inputs: groups * size,
                groupSize: size,
                codebooks: codebooks,
                entries: entries,
                codes: SharedBytes(laidOut),
                books: books,
                scales: scales,
                kernel: kernel
            )
        }

        /// With bits set beyond those of an entry, which do not count.
        var gathered: GatheredWeights {
            let wide = codes.flatMap { code -> [UInt8] in
                let bits = UInt16(code) | UInt16(truncatingIfNeeded: ~(entries - 1))
                return [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
            }
            // Off by one byte, as codes of a mapped file may be.
            return GatheredWeights(
                outputs: outputs,
                inputs: groups * size,
                groupSize: size,
                codebooks: codebooks,
                entries: entries,
                codes: SharedBytes([0] + wide).slice(1..<1 + wide.count),
                books: books,
                scales: scales
            )
        }
    }

    /// Sums of products of floats in another order and with one rounding more or less.
    static func rounding(_ magnitude: Double) -> Double { 1e-6 * magnitude }

    @Test(arguments: LookupKernel.available, shapes.indices)
    func lookupsAreWithinTheUnitsOfTheirTables(kernel: LookupKernel, index: Int) {
        let example = Case(Self.shapes[index], rows: 2)
        let layer = example.lookup(kernel)
        let y = lookupProducts(example.x, [layer, layer], threads: 3)
        #expect(y.count == 2 && y[0] == y[1])
        var (error, norm) = (0.0, 0.0)
        for row in 0..<2 {
            for output in 0..<example.outputs {
                let (value, magnitude) = example.product(row, output)
                let difference = abs(Double(y[0][row, output]) - value)
                let bound = example.tableError(row, output) + Self.rounding(magnitude)
                #expect(difference <= bound, "row \(row), output \(output)")
                error += difference * difference
                norm += value * value
            }
        }
        // With tables of bytes it would be a hundred times as much.
        #expect((error / norm).squareRoot() < 1e-3)
        for threads in [1, 2, 5] {
            let again = lookupProducts(example.x, [layer], threads: threads)
            #expect(again[0] == y[0])
        }
    }

    /// Inputs along the longest entries, which all outputs use: sums of a run reach what 16 bits hold, of either sign.
    @Test(arguments: LookupKernel.available, [(1, 1024), (1, 8), (2, 7), (4, 8), (8, 32)])
    func sumsReachTheirBound(kernel: LookupKernel, shape: (codebooks: Int, size: Int)) {
        let (codebooks, size, groups, outputs) = (shape.codebooks, shape.size, 8, 66)
        // Entries of one direction, the first the longest one, the second its opposite.
        let direction = ElementwiseTests.numbers(size, seed: 11)
        let books = (0..<codebooks).flatMap { _ in
            [1, -1, 0.5, 0].flatMap { factor in direction.map { Float(factor) * $0 } }
        }
        let codes = (0..<groups * codebooks * outputs).map { UInt8($0 % outputs % 2) }
        let layer = LookupWeights(
            outputs: outputs,
            inputs: groups * size,
            groupSize: size,
            codebooks: codebooks,
            entries: 4,
            codes: SharedBytes(codes),
            books: books,
            scales: [Float](repeating: 1, count: outputs),
            kernel: kernel
        )
        let x = Matrix(
            rows: 1,
            columns: groups * size,
            elements: (0..<groups).flatMap { _ in direction }
        )
        let square = direction.reduce(0.0) { $0 + Double($1) * Double($1) }
        let expected = square * Double(groups * codebooks)
        let y = lookupProducts(x, [layer], threads: 1)[0]
        for output in 0..<outputs {
            let sign = output % 2 == 0 ? 1.0 : -1.0
            // A run that overflowed would be off by as much as it is.
            #expect(abs(Double(y[0, output]) - sign * expected) < 1e-3 * expected)
        }
    }

    /// An entry that is no number makes none, whether an output uses it or not: nobody is to take what is damaged for
    /// sound.
    @Test(arguments: LookupKernel.available)
    func entriesThatAreNoNumbers(kernel: LookupKernel) {
        for strange in [Float.nan, .infinity] {
            let layer = LookupWeights(
                outputs: 2,
                inputs: 8,
                groupSize: 4,
                codebooks: 1,
                entries: 2,
                codes: SharedBytes([0, 1, 0, 1]),
                books: [1, 2, 3, 4, 5, strange, 7, 8],
                scales: [1, 1],
                kernel: kernel
            )
            let x = Matrix(rows: 1, columns: 8, elements: [1, 2, 3, 4, 5, 6, 7, 8])
            let y = lookupProducts(x, [layer], threads: 1)[0]
            #expect(y.elements.allSatisfy { !$0.isFinite })
        }
    }

    @Test(arguments: InstructionSet.available, shapes.indices)
    func gatheredSumsEqualTheirDefinition(isa: InstructionSet, index: Int) {
        let example = Case(Self.shapes[index], rows: 2)
        let gathered = example.gathered
        let y = gathered.gatheredProduct(with: example.x, threads: 2, on: isa)
        for row in 0..<2 {
            for output in 0..<example.outputs {
                let (value, magnitude) = example.product(row, output)
                #expect(abs(Double(y[row, output]) - value) <= Self.rounding(magnitude))
            }
        }
        #expect(gathered.gatheredProduct(with: example.x, threads: 1, on: isa) == y)
    }

    @Test(arguments: InstructionSet.available, shapes.indices)
    func formedWeightsEqualTheirDefinition(isa: InstructionSet, index: Int) {
        let example = Case(Self.shapes[index], rows: 3)
        let range = example.outputs / 3..<example.outputs
        let (lookup, gathered) = (example.lookup(), example.gathered)
        func magnitude(_ numbers: [Float]) -> Double {
            numbers.reduce(0.0) { max($0, abs(Double($1))) }
        }
        let largest = magnitude(example.books) * magnitude(example.scales)
        for weights in [lookup.weights(range, on: isa), gathered.weights(range, on: isa)] {
            for (row, output) in range.enumerated() {
                for input in 0..<weights.columns {
                    let expected = example.weight(output, input)
                    // A sum of at most eight entries, times a scale, each step rounded once.
                    let bound = 1e-6 * Double(example.codebooks) * largest
                    #expect(abs(Double(weights[row, input]) - expected) <= bound)
                }
            }
        }
        let formed = lookup.formedProduct(with: example.x, threads: 3, on: isa)
        for row in 0..<3 {
            for output in 0..<example.outputs {
                let (value, magnitude) = example.product(row, output)
                #expect(abs(Double(formed[row, output]) - value) <= Self.rounding(magnitude))
            }
        }
        #expect(lookup.formedProduct(with: example.x, threads: 1, on: isa) == formed)
        #expect(gathered.formedProduct(with: example.x, threads: 2, on: isa) == formed)
    }

    /// What is no number makes no number, and an input of zeros makes zeros.
    @Test(arguments: LookupKernel.available)
    func inputsAtTheEdge(kernel: LookupKernel) {
        var example = Case((2, 256, 8, 70, 9), rows: 4)
        for input in 0..<example.x.columns { example.x[0, input] = 0 }
        example.x[1, 3] = .nan
        example.x[2, 3] = .infinity
        for input in 0..<example.x.columns { example.x[3, input] *= 1e-30 }
        let y = lookupProducts(example.x, [example.lookup(kernel)], threads: 1)[0]
        for output in 0..<example.outputs {
            #expect(y[0, output] == 0)
            #expect(y[1, output].isNaN && y[2, output].isNaN)
            // Squares of such lengths vanish, and the products with them.
            #expect(abs(y[3, output]) < 1e-25)
        }
    }
}
