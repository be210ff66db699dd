import OctavoBase
import OctavoNumerics
import Testing

/// Whole numbers from -limit to limit: sums of their products are exact in any order, so that
/// versions for different processors must agree to the last bit, and ties are many.
private func integers(_ count: Int, _ limit: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float(Int.random(in: -limit...limit, using: &generator)) }
}

private func codebooks(
    _ count: Int,
    _ entries: Int,
    _ size: Int,
    _ generator: inout SeededGenerator
) -> Codebooks {
    var codebooks = Codebooks(count: count, entries: entries, size: size)
    codebooks.vectors.elements = integers(count * entries * size, 3, &generator)
    return codebooks
}

/// A symmetric matrix of small whole numbers.
private func metric(_ size: Int, _ generator: inout SeededGenerator) -> Matrix {
    let root = Matrix(rows: size, columns: size, elements: integers(size * size, 1, &generator))
    return product(root, transposed: true, root)
}

@Suite
struct CodeSearchTests {
    /// All numbers of entries up to more than one step of the widest kernel, so every tail.
    @Test(arguments: Array(1...70) + [127, 128, 129, 255, 256, 257])
    func versionsAgree(entries: Int) {
        var generator = SeededGenerator(seed: UInt64(entries))
        for (count, size, beam) in [(1, 8, 1), (2, 8, 4), (2, 3, 20), (3, 1, 16), (4, 17, 7)] {
            let codebooks = codebooks(count, entries, size, &generator)
            let metric = metric(size, &generator)
            let slopes = Matrix(
                rows: 5,
                columns: size,
                elements: integers(5 * size, 40, &generator)
            )
            let given = (0..<5 * count).map { _ in
                UInt16.random(in: 0..<UInt16(entries), using: &generator)
            }
            for keeping in [false, true] {
                let results = InstructionSet.available.map { set in
                    var search = CodeSearch(codebooks, beam: beam, polish: 2, instructions: set)
                    search.setMetric(metric, metric.all)
                    var codes = given
                    let values = search.findCodes(slopes, keeping: keeping, into: &codes)
                    return (codes, values)
                }
                for result in results {
                    #expect(result.0 == results[0].0)
                    #expect(result.1 == results[0].1)
                }
            }
        }
    }

    /// With a beam as wide as a codebook every pair is tried.
    @Test(arguments: InstructionSet.available)
    func findsTheBestPair(instructions: InstructionSet) {
        var generator = SeededGenerator(seed: 1)
        let (entries, size) = (13, 5)
        let codebooks = codebooks(2, entries, size, &generator)
        let metric = metric(size, &generator)
        let slopes = Matrix(rows: 20, columns: size, elements: integers(20 * size, 30, &generator))
        var search = CodeSearch(codebooks, beam: entries, instructions: instructions)
        search.setMetric(metric, metric.all)
        var codes = [UInt16](repeating: 0, count: 40)
        let values = search.findCodes(slopes, keeping: false, into: &codes)
        for row in 0..<20 {
            let all = (0..<entries * entries).map { pair in
                value([pair / entries, pair % entries], codebooks, metric, slopes, row)
            }
            #expect(values[row] == all.min())
            let chosen = codes[2 * row..<2 * row + 2].map(Int.init)
            #expect(value(chosen, codebooks, metric, slopes, row) == values[row])
        }
    }

    /// What is there stays unless something is better, and a better start is not lost.
    @Test
    func keepsWhatIsBest() {
        var generator = SeededGenerator(seed: 2)
        let codebooks = codebooks(3, 9, 4, &generator)
        let metric = metric(4, &generator)
        let slopes = Matrix(rows: 50, columns: 4, elements: integers(200, 30, &generator))
        var wide = CodeSearch(codebooks, beam: 64)
        wide.setMetric(metric, metric.all)
        var codes = [UInt16](repeating: 0, count: 150)
        let best = wide.findCodes(slopes, keeping: false, into: &codes)
        var narrow = CodeSearch(codebooks, beam: 1)
        narrow.setMetric(metric, metric.all)
        let found = codes
        #expect(narrow.findCodes(slopes, keeping: true, into: &codes) == best)
        #expect(codes == found)
    }

    /// Equal entries: the first one is taken.
    @Test(arguments: InstructionSet.available)
    func firstOfEquals(instructions: InstructionSet) {
        var codebooks = Codebooks(count: 1, entries: 100, size: 1)
        codebooks.vectors.elements = (0..<100).map { [37, 53, 99].contains($0) ? 2 : 0 }
        var search = CodeSearch(codebooks, beam: 1, instructions: instructions)
        let metric = Matrix(rows: 1, columns: 1, elements: [1])
        search.setMetric(metric, metric.all)
        var codes: [UInt16] = [0, 0]
        let slopes = Matrix(rows: 2, columns: 1, elements: [-4, 4])
        #expect(search.findCodes(slopes, keeping: false, into: &codes) == [-4, 0])
        #expect(codes == [37, 0])
    }

    /// NaN and infinity in a target give some code, and no crash.
    @Test(arguments: InstructionSet.available)
    func survivesNonsense(instructions: InstructionSet) {
        var generator = SeededGenerator(seed: 3)
        let codebooks = codebooks(3, 40, 2, &generator)
        let metric = metric(2, &generator)
        var search = CodeSearch(codebooks, beam: 4, instructions: instructions)
        search.setMetric(metric, metric.all)
        let slopes = Matrix(
            rows: 3,
            columns: 2,
            elements: [.nan, 0, .infinity, 1, -.infinity, .infinity]
        )
        var codes = [UInt16](repeating: 0, count: 9)
        search.findCodes(slopes, keeping: true, into: &codes)
        #expect(codes.allSatisfy { $0 < 40 })
    }

    private func value(
        _ codes: [Int],
        _ codebooks: Codebooks,
        _ metric: Matrix,
        _ slopes: Matrix,
        _ row: Int
    ) -> Float {
        let size = codebooks.size
        let sum = (0..<size).map { i in
            codes.indices.reduce(0) {
                $0 + codebooks.vectors[$1 * codebooks.entries + codes[$1], i]
            }
        }
        var value: Float = 0
        for i in 0..<size {
            value += slopes[row, i] * sum[i]
            for k in 0..<size { value += sum[i] * metric[i, k] * sum[k] }
        }
        return value
    }
}

@Suite
struct CodebookTests {
    @Test(arguments: 1...35)
    func gatherAndScatterAgree(size: Int) {
        var generator = SeededGenerator(seed: UInt64(size))
        let (rows, count, entries) = (7, 3, 5)
        let codebooks = codebooks(count, entries, size, &generator)
        let codes = (0..<rows * count).map { _ in UInt16.random(in: 0..<5, using: &generator) }
        let scales = integers(rows, 4, &generator)
        let values = Matrix(
            rows: rows,
            columns: size + 3,
            elements: integers(rows * (size + 3), 9, &generator)
        )

        var weights = values
        var sums = codebooks.vectors
        for row in 0..<rows {
            for i in 0..<size {
                weights[row, 2 + i] = 0
                for m in 0..<count {
                    let entry = m * entries + Int(codes[row * count + m])
                    weights[row, 2 + i] += scales[row] * codebooks.vectors[entry, i]
                    sums[entry, i] += scales[row] * values[row, 2 + i]
                }
            }
        }
        for set in InstructionSet.available {
            var gathered = values
            codebooks.gather(codes, scales: scales, into: &gathered, column: 2, instructions: set)
            #expect(gathered == weights)
            var scattered = codebooks
            scattered.scatter(codes, scales: scales, values, column: 2, instructions: set)
            #expect(scattered.vectors == sums)
        }
    }

    @Test
    func usageSumsWeights() {
        let codebooks = Codebooks(count: 2, entries: 3, size: 1)
        #expect(
            codebooks.usage([0, 2, 0, 1, 2, 2], weights: [1, 10, 100]) == [11, 0, 100, 0, 10, 101]
        )
    }
}
