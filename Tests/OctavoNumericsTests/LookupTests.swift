import OctavoNumerics
import Testing

/// Lookups against their definition in Double, on every instruction set.
@Suite
struct LookupTests {
    @Test(arguments: InstructionSet.available, ElementwiseTests.lengths)
    func lookupsEqualTheirDefinition(isa: InstructionSet, groups: Int) {
        let (codebooks, entries, size, outputs) = (2, 8, 3, 5)
        let x = ElementwiseTests.matrix(2, groups * size, seed: 1)
        let books = ElementwiseTests.numbers(codebooks * entries * size, seed: 2)
        let scales = ElementwiseTests.numbers(outputs, seed: 3)
        let codes = (0..<outputs * groups * codebooks).map { UInt16($0 * 5 % entries) }
        let y = lookupProduct(
            x,
            codes: codes,
            codebooks: books,
            scales: scales,
            entries: entries,
            groupSize: size,
            threads: 2,
            on: isa
        )
        for row in 0..<2 {
            for output in 0..<outputs {
                var expected = 0.0
                var magnitude = 0.0
                for place in 0..<groups * codebooks {
                    let (group, book) = (place / codebooks, place % codebooks)
                    let entry = book * entries + Int(codes[output * groups * codebooks + place])
                    for i in 0..<size {
                        let term =
                            Double(x[row, group * size + i]) * Double(books[entry * size + i])
                        expected += term
                        magnitude += abs(term)
                    }
                }
                let scale = Double(scales[output])
                // Each term is rounded a few times; sums in any order.
                #expect(
                    abs(Double(y[row, output]) - expected * scale) <= 1e-6 * magnitude * abs(scale)
                )
            }
        }
    }

    /// A code beyond the entries is cut to their bits: nothing outside the table is ever read.
    @Test
    func codesBeyondTheEntriesAreCut() {
        let x = Matrix(rows: 1, columns: 1, elements: [2])
        let y = lookupProduct(
            x,
            codes: [0xFFFF],
            codebooks: [3, 5],
            scales: [1],
            entries: 2,
            groupSize: 1,
            threads: 1
        )
        #expect(y.elements == [10])
    }
}
