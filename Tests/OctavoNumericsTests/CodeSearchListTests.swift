import OctavoBase
import OctavoNumerics
import Testing

/// Lists of the best codes, and hypotheses made of them.
@Suite
struct CodeSearchListTests {
    /// A search under the metric 1, where the value of a code is its square plus the slope times it.
    private func search(
        _ entries: [Float],
        count: Int,
        beam: Int,
        _ instructions: InstructionSet
    ) -> CodeSearch {
        var codebooks = Codebooks(count: count, entries: entries.count / count, size: 1)
        codebooks.vectors.elements = entries
        var search = CodeSearch(codebooks, beam: beam, instructions: instructions)
        let metric = Matrix(rows: 1, columns: 1, elements: [1])
        search.setMetric(metric, metric.all)
        return search
    }

    /// By hand: entries 0 … 9 at a slope of -8 have the values k² - 8k, least at 4.
    @Test(arguments: InstructionSet.available)
    func singleCodes(instructions: InstructionSet) {
        let search = search((0..<10).map { Float($0) }, count: 1, beam: 1, instructions)
        let list = search.listCodes(Matrix(rows: 1, columns: 1, elements: [-8]), limit: 4)
        #expect(list.values == [-16, -15, -15, -12])
        #expect(list.codes == [4, 3, 5, 2])
    }

    /// More are asked for than there are: the rest is infinite.
    @Test(arguments: InstructionSet.available)
    func fewerThanAskedFor(instructions: InstructionSet) {
        let search = search([0, 1, 0, 10], count: 2, beam: 2, instructions)
        let list = search.listCodes(Matrix(rows: 1, columns: 1, elements: [0]), limit: 5)
        #expect(list.values == [0, 1, 100, 121, .infinity])
        #expect(list.codes.prefix(8) == [0, 0, 1, 0, 0, 1, 1, 1])
    }

    /// Pairs of many sizes, in whole numbers: the list is the start of all pairs in order, whatever
    /// the instruction set.
    @Test(arguments: [5, 16, 130, 256])
    func pairs(entries: Int) {
        var generator = SeededGenerator(seed: UInt64(entries))
        let values = (0..<2 * entries).map { _ in Float(Int.random(in: -50...50, using: &generator))
        }
        for slope in [Float(-30), 7, 90] {
            var all: [Float] = []
            for a in values.prefix(entries) {
                for b in values.suffix(entries) { all.append((a + b) * (a + b) + slope * (a + b)) }
            }
            all.sort()
            for instructions in InstructionSet.available {
                let search = search(values, count: 2, beam: 64, instructions)
                let slopes = Matrix(rows: 1, columns: 1, elements: [slope])
                let list = search.listCodes(slopes, limit: 6)
                // A beam of 64 holds all of the smaller codebooks; of larger ones it may miss some.
                if entries <= 64 { #expect(list.values == Array(all.prefix(6))) }
                #expect(list.values[0] >= all[0] && list.values == list.values.sorted())
                for i in 0..<6 {
                    let sum =
                        values[Int(list.codes[2 * i])]
                        + values[entries + Int(list.codes[2 * i + 1])]
                    #expect(list.values[i] == sum * sum + slope * sum)
                }
            }
        }
    }

    /// By hand: two hypotheses of one row with three continuations each.
    @Test(arguments: InstructionSet.available)
    func merging(instructions: InstructionSet) {
        let search = search([0, 1, 2, 3], count: 1, beam: 1, instructions)
        let slopes = Matrix(rows: 2, columns: 1, elements: [0, -4])
        // Values: 0, 1, 4 for codes 0, 1, 2; and -4, -3, -3 for codes 2, 1, 3.
        let list = search.listCodes(slopes, limit: 3)
        let merged = mergeHypotheses(
            list,
            width: 2,
            bases: [10, 18],
            factors: [2],
            instructions: instructions
        )
        // 10 + 2 · {0, 1, 4} and 18 + 2 · {-4, -3, -3}.
        #expect(merged.losses == [10, 10])
        #expect(merged.codes == [0, 2])
        #expect(merged.parents == [0, 1])
    }

    /// Both hypotheses of the second row come from its second.
    @Test
    func following() {
        var values = Matrix(rows: 4, columns: 3, elements: (0..<12).map { Float($0) })
        followParents([0, 1, 1, 1], width: 2, &values, columns: 1..<3)
        #expect(values.elements == [0, 1, 2, 3, 4, 5, 6, 10, 11, 9, 10, 11])
        followParents([1, 0, 0, 1], width: 2, &values, columns: 0..<1)
        #expect(values.elements == [3, 1, 2, 0, 4, 5, 6, 10, 11, 9, 10, 11])
    }
}
