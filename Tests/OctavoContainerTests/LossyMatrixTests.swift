import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoContainer

/// Matrices that are stored with loss: what they decode to is computed here anew, in double precision.
@Suite
struct LossyMatrixTests {
    /// Of a part that is written at once, and of one that is written in pieces.
    @Test("sums of codebook entries", arguments: [5, 9000], [(2, 8, 8), (3, 5, 16), (1, 12, 4)])
    func additive(rows: Int, numbers: (count: Int, bits: Int, group: Int)) async throws {
        let (count, bits, group) = numbers
        let columns = 96
        var generator = SeededGenerator(seed: 5)
        func half(_ scale: Double) -> Float {
            Half.widen(Half.narrow(Float((generator.nextUnit() - 0.5) * scale)))
        }
        let codebooks = (0..<(count << bits) * group).map { _ in half(0.4) }
        let scales = (0..<rows).map { _ in half(3) }
        let codes = (0..<rows * columns / group * count).map { _ in
            UInt16(truncatingIfNeeded: generator.next() & ((1 << UInt64(bits)) - 1))
        }
        let matrix = LossyMatrix(
            codebooks: codebooks,
            bits: bits,
            group: group,
            scales: scales,
            codes: codes
        )
        // Formats: codebooks and scales in 16 bits, codes packed.
        let stored = 2 * codebooks.count + 2 * rows + (codes.count * bits + 7) / 8
        #expect(matrix.storedSize == stored)
        let values = matrix.values(threads: 2)
        try #require(values.count == rows * columns)
        for row in stride(from: 0, to: rows, by: max(1, rows / 50)) {
            for column in 0..<columns {
                let place = row * (columns / group) + column / group
                let sum = (0..<count).reduce(0.0) { sum, book in
                    let entry = book << bits + Int(codes[place * count + book])
                    return sum + Double(codebooks[entry * group + column % group])
                }
                let wanted = sum * Double(scales[row])
                // Half a unit in the last place of a half, and what single precision loses before.
                #expect(
                    abs(Double(values[row * columns + column]) - wanted) <= abs(wanted) * 0x1p-11
                        + 1e-7
                )
            }
        }
        try await check(matrix, values, shape: [rows, columns], stored: stored)
    }

    @Test("integers with a scale for each group", arguments: [4, 20_000])
    func integers(rows: Int) async throws {
        var generator = SeededGenerator(seed: 6)
        let columns = 64
        let numbers = (0..<rows * columns).map { _ in Float(generator.nextUnit() - 0.5) }
        let matrix = try #require(LossyMatrix(integersFor: numbers, columns: columns, group: 32))
        #expect(matrix.storedSize == rows * columns / 32 * 34)
        let values = matrix.values(threads: 2)
        for start in stride(from: 0, to: numbers.count, by: 32) {
            let largest = numbers[start..<start + 32].reduce(0) { max($0, abs($1)) }
            for i in start..<start + 32 {
                // Half a step, and the rounding of scale and product to halves.
                #expect(abs(values[i] - numbers[i]) <= largest * (0.5 / 127 + 0x1p-10))
            }
        }
        try await check(matrix, values, shape: [rows, columns], stored: matrix.storedSize)
    }

    @Test(
        "numbers that a scale cannot stand for are refused",
        arguments: [Float.nan, .infinity, 1e8]
    )
    func refuses(number: Float) {
        var numbers = [Float](repeating: 1, count: 64)
        numbers[40] = number
        #expect(LossyMatrix(integersFor: numbers, columns: 64, group: 32) == nil)
    }

    /// The scale that is nearest to 65504 / 127 gives more than a half holds; those of tiny numbers have few bits.
    @Test(
        "the largest and the smallest halves stay near",
        arguments: [65504, 1, 1e-3, 1e-5, 1e-6] as [Float]
    )
    func extremes(largest: Float) throws {
        let numbers = (0..<64).map { largest * Float($0 % 32) / 31 }
        let matrix = try #require(LossyMatrix(integersFor: numbers, columns: 64, group: 32))
        let values = matrix.values(threads: 1)
        // Half a step of a scale, which is the next half or a unit of the smallest halves more; and a rounding.
        let step = largest / 127 * (1 + 0x1p-9) + 0x1p-24
        for (value, number) in zip(values, numbers) {
            #expect(
                value.isFinite
                    && abs(value - number) <= max(0.5 * step, 0.5 * 0x1p-24) + number * 0x1p-10
            )
        }
    }

    @Test("what a tensor is encoded as must be of its shape and type")
    func refusesOtherShapes() throws {
        let matrix = try #require(
            LossyMatrix(integersFor: [Float](repeating: 1, count: 64), columns: 32, group: 32)
        )
        for (dtype, shape) in [(DType.f16, [1, 64]), (.f16, [2, 64]), (.i16, [2, 32])] {
            let tensor = ContainedTensor(name: "w", dtype: dtype, shape: shape)
            let bytes = [UInt8](repeating: 0, count: 2 * shape[0] * shape[1])
            let file = tensorFile("m.safetensors", [(tensor, bytes, .encoded(matrix))])
            #expect(throws: ContainerWriteError.self) { try written([file.plan]) }
        }
    }

    /// Written into a container, a matrix is read back as its values; whatever the bytes were before.
    private func check(
        _ matrix: LossyMatrix,
        _ values: [Float],
        shape: [Int],
        stored: Int
    ) async throws {
        let tensor = ContainedTensor(name: "w", dtype: .f16, shape: shape)
        let before = [UInt8](repeating: 0, count: 2 * shape[0] * shape[1])
        let file = tensorFile("m.safetensors", [(tensor, before, .encoded(matrix))])
        let bytes = try written([file.plan])
        #expect(try bytes == written([file.plan], threads: 3))
        try await withContainer(bytes) { mapped in
            let container = try ContainerFile(mapped)
            let part = try #require(container.header["m.safetensors"]?.parts.last)
            #expect(part.encoding == matrix.encoding)
            #expect(part.stored.count == stored)
            try container.verifyBytes(threads: 2)
            try container.verifyParts(threads: 2)
            var found: [UInt8] = []
            try container.forEachPiece(of: part, threads: 2) { found += $0 }
            #expect(found == values.map { Half.narrow($0).littleEndian }.byteArray)
        }
    }
}
