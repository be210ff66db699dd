import OctavoBase
import OctavoNumerics
import Testing

/// Searches that look into some cells of large codebooks, against all entries.
@Suite
struct CodeSearchCellsTests {
    private func normal(
        _ rows: Int,
        _ columns: Int,
        _ generator: inout SeededGenerator
    ) -> Matrix {
        var matrix = Matrix(rows: rows, columns: columns)
        for i in matrix.elements.indices {
            matrix.elements[i] = Float(
                (0..<12).reduce(-6.0) { sum, _ in sum + generator.nextUnit() }
            )
        }
        return matrix
    }

    /// A metric of about one, with correlations.
    private func metric(_ size: Int, _ generator: inout SeededGenerator) -> Matrix {
        var root = normal(size, size, &generator)
        for i in root.elements.indices { root.elements[i] *= 0.2 }
        for i in 0..<size { root[i, i] += 1 }
        return product(root, transposed: true, root)
    }

    /// The least value of a single code, in double precision.
    private func least(_ codebook: Codebooks, _ metric: Matrix, _ slopes: Matrix, _ row: Int)
        -> Double
    {
        (0..<codebook.entries).map { value([$0], codebook, metric, slopes, row) }.min() ?? .infinity
    }

    private func value(
        _ codes: [Int],
        _ codebooks: Codebooks,
        _ metric: Matrix,
        _ slopes: Matrix,
        _ row: Int
    ) -> Double {
        let size = codebooks.size
        let sum = (0..<size).map { i in
            codes.enumerated().reduce(0.0) {
                $0 + Double(codebooks.vectors[$1.offset * codebooks.entries + $1.element, i])
            }
        }
        var value = 0.0
        for i in 0..<size {
            value += Double(slopes[row, i]) * sum[i]
            for k in 0..<size { value += sum[i] * Double(metric[i, k]) * sum[k] }
        }
        return value
    }

    /// Looking into all cells is looking at all entries.
    @Test(arguments: InstructionSet.available)
    func allCellsFindTheBest(instructions: InstructionSet) {
        var generator = SeededGenerator(seed: 40)
        var codebook = Codebooks(count: 1, entries: 4096, size: 8)
        codebook.vectors = normal(4096, 8, &generator)
        let metric = metric(8, &generator)
        let slopes = normal(40, 8, &generator)
        var search = CodeSearch(codebook, beam: 1, probes: 64, instructions: instructions)
        search.setMetric(metric, metric.all)
        var codes = [UInt16](repeating: 0, count: 40)
        let values = search.findCodes(slopes, keeping: false, into: &codes)
        for row in 0..<40 {
            let least = least(codebook, metric, slopes, row)
            // Sums of a hundred products of about one, in single precision.
            #expect(abs(Double(values[row]) - least) < 1e-4)
            let chosen = value([Int(codes[row])], codebook, metric, slopes, row)
            #expect(abs(chosen - least) < 1e-4)
        }
    }

    /// Few cells come near: what they miss is a few percent of the error that is left.
    @Test(arguments: [2048, 4096, 65536])
    func nearestCellsComeNear(entries: Int) {
        var generator = SeededGenerator(seed: 41)
        var codebook = Codebooks(count: 1, entries: entries, size: 8)
        codebook.vectors = normal(entries, 8, &generator)
        let metric = metric(8, &generator)
        let targets = normal(100, 8, &generator)
        var slopes = targets
        multiply(targets, targets.all, metric, metric.all, into: &slopes, slopes.all, alpha: -2)
        var search = CodeSearch(codebook, beam: 1)
        search.setMetric(metric, metric.all)
        var codes = [UInt16](repeating: 0, count: 100)
        search.findCodes(slopes, keeping: false, into: &codes)
        var (found, best) = (0.0, 0.0)
        for row in 0..<100 {
            var energy = 0.0
            for i in 0..<8 { energy -= Double(slopes[row, i] * targets[row, i]) / 2 }
            found += energy + value([Int(codes[row])], codebook, metric, slopes, row)
            best += energy + least(codebook, metric, slopes, row)
        }
        #expect(found < 1.1 * best)
    }

    /// Several large codebooks: what is said of the codes found is true, in lists too, and codes that are
    /// there stay unless better ones are found.
    @Test
    func severalCodebooks() {
        var generator = SeededGenerator(seed: 42)
        var codebooks = Codebooks(count: 3, entries: 2048, size: 4)
        codebooks.vectors = normal(3 * 2048, 4, &generator)
        let metric = metric(4, &generator)
        let slopes = normal(30, 4, &generator)
        var search = CodeSearch(codebooks, beam: 6)
        search.setMetric(metric, metric.all)
        var codes = [UInt16](repeating: 0, count: 90)
        let values = search.findCodes(slopes, keeping: false, into: &codes)
        let list = search.listCodes(slopes, limit: 5)
        for row in 0..<30 {
            let chosen = codes[3 * row..<3 * row + 3].map { Int($0) }
            #expect(abs(Double(values[row]) - value(chosen, codebooks, metric, slopes, row)) < 1e-3)
            let listed = list.values[5 * row..<5 * row + 5]
            #expect(zip(listed, listed.dropFirst()).allSatisfy { $0 <= $1 })
            for i in 5 * row..<5 * row + 5 {
                let codes = list.codes[3 * i..<3 * i + 3].map { Int($0) }
                let found = value(codes, codebooks, metric, slopes, row)
                #expect(abs(Double(list.values[i]) - found) < 1e-3)
            }
        }
        var narrow = CodeSearch(codebooks, beam: 1, polish: 0)
        narrow.setMetric(metric, metric.all)
        let kept = narrow.findCodes(slopes, keeping: true, into: &codes)
        for row in 0..<30 { #expect(kept[row] <= values[row] + 1e-4) }
    }

    /// Equal entries leave cells without any; numbers that are none give some code.
    @Test
    func degenerateCodebooks() {
        var codebook = Codebooks(count: 1, entries: 2048, size: 2)
        let metric = Matrix(rows: 2, columns: 2, elements: [1, 0, 0, 1])
        for value in [Float(0), 1, .nan, .infinity] {
            for i in codebook.vectors.elements.indices { codebook.vectors.elements[i] = value }
            var search = CodeSearch(codebook, beam: 4)
            search.setMetric(metric, metric.all)
            var codes: [UInt16] = [5, 6]
            let slopes = Matrix(rows: 2, columns: 2, elements: [1, -3, .nan, 2])
            search.findCodes(slopes, keeping: true, into: &codes)
            #expect(codes.allSatisfy { $0 < 2048 })
            #expect(search.listCodes(slopes, limit: 3).codes.allSatisfy { $0 < 2048 })
        }
    }
}
