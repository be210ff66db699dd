import OctavoBase
import OctavoNumerics
import Testing

/// Matrices in 16 bits against plain floats.
@Suite
struct HalfMatrixTests {
    static func matrix(_ kind: HalfMatrix.Kind, rows: Int, columns: Int) -> (HalfMatrix, [Float]) {
        let numbers = ElementwiseTests.numbers(rows * columns, seed: 4)
        let bits = numbers.map { kind == .ieee ? Half.narrow($0) : Half.narrowBrain($0) }
        let values = bits.map { kind == .ieee ? Half.widen($0) : Half.widenBrain($0) }
        // Off by one byte, as in a mapped file.
        let bytes: [UInt8] = [0] + bits.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let shared = SharedBytes(bytes).slice(1..<bytes.count)
        return (HalfMatrix(rows: rows, columns: columns, kind: kind, bytes: shared), values)
    }

    @Test(arguments: HalfMatrix.Kind.allCases, InstructionSet.available)
    func productsEqualTheirDefinition(kind: HalfMatrix.Kind, isa: InstructionSet) {
        for (rows, columns) in [(1, 1), (3, 7), (70, 33), (130, 64), (65, 31)] {
            let (matrix, values) = Self.matrix(kind, rows: rows, columns: columns)
            // Below, at and above what goes by one reading of the weights, and enough to form them.
            for count in [1, 3, 4, 5, 8, 9] {
                let x = ElementwiseTests.matrix(count, columns, seed: 6)
                let y = matrix.product(with: x, threads: 2, on: isa)
                for row in 0..<count {
                    for output in 0..<rows {
                        var (sum, magnitude) = (0.0, 0.0)
                        for i in 0..<columns {
                            let term = Double(x[row, i]) * Double(values[output * columns + i])
                            sum += term
                            magnitude += abs(term)
                        }
                        #expect(abs(Double(y[row, output]) - sum) <= 1e-6 * magnitude)
                    }
                }
                #expect(matrix.product(with: x, threads: 1, on: isa) == y)
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func wideningIsExact(isa: InstructionSet) {
        // Every half there is, and every brain float.
        for kind in HalfMatrix.Kind.allCases {
            let bytes = (0..<65536).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
            let matrix = HalfMatrix(
                rows: 256,
                columns: 256,
                kind: kind,
                bytes: SharedBytes(bytes)
            )
            let wide = matrix.widened(on: isa).elements
            for bits in 0..<65536 {
                let half = UInt16(bits)
                let expected = kind == .ieee ? Half.widen(half) : Half.widenBrain(half)
                #expect(
                    wide[bits] == expected && wide[bits].sign == expected.sign
                        || wide[bits].isNaN && expected.isNaN
                )
            }
            let gathered = matrix.gathered(rows: [3, 0, 3], on: isa).elements
            for (place, row) in [3, 0, 3].enumerated() {
                let found = gathered[place * 256..<(place + 1) * 256].map(\.bitPattern)
                let expected = wide[row * 256..<(row + 1) * 256].map(\.bitPattern)
                #expect(found == expected)
            }
        }
    }
}
