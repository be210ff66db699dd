import OctavoBase
import Testing

/// Transpositions of bytes beside the definition, an element at a time.
@Suite
struct ByteTranspositionTests {
    /// Squares of 8 are turned at once, in blocks of 64: every remainder of 8, and what is around 64 and 128.
    private static let sides = Array(1...17) + [31, 63, 64, 65, 72, 127, 128, 130]

    private func matrix(_ rows: Int, _ columns: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(rows * 1000 + columns))
        return (0..<rows * columns).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    private func turned(_ bytes: [UInt8], rows: Int) -> [UInt8] {
        let columns = bytes.count / rows
        return (0..<columns).flatMap { column in
            (0..<rows).map { bytes[$0 * columns + column] }
        }
    }

    private func transposed(_ bytes: [UInt8], rows: Int, threads: Int) -> [UInt8] {
        var found = [UInt8](repeating: 0, count: bytes.count)
        found.withUnsafeMutableBytes { target in
            bytes.withRawBytes { transposeBytes($0, rows: rows, to: target, threads: threads) }
        }
        return found
    }

    @Test(arguments: sides)
    func everyByteIsWhereItBelongs(rows: Int) {
        for columns in Self.sides {
            let bytes = matrix(rows, columns)
            let expected = turned(bytes, rows: rows)
            bytes.withRawBytes { raw in
                #expect(transposedBytes(0..<raw.byteCount, of: raw, rows: rows) == expected)
            }
            #expect(transposed(bytes, rows: rows, threads: 1) == expected)
        }
    }

    @Test("any range of the transposition, also one that begins and ends within rows")
    func ranges() {
        for (rows, columns) in [(9, 30), (70, 67), (1, 50), (50, 1), (200, 3), (3, 200)] {
            let bytes = matrix(rows, columns)
            let expected = turned(bytes, rows: rows)
            let count = bytes.count
            var generator = SeededGenerator(seed: 7)
            let cuts = (0..<200).map { _ in Int(generator.next() % UInt64(count + 1)) }
            for (a, b) in zip(cuts, cuts.reversed()) {
                let range = min(a, b)..<max(a, b)
                bytes.withRawBytes { raw in
                    #expect(transposedBytes(range, of: raw, rows: rows)[...] == expected[range])
                }
            }
        }
    }

    /// More than one piece of 256 KiB, the last one not full.
    @Test("the number of threads does not matter", arguments: [1, 2, 5])
    func threads(_ threads: Int) {
        let (rows, columns) = (1001, 777)
        let bytes = matrix(rows, columns)
        #expect(transposed(bytes, rows: rows, threads: threads) == turned(bytes, rows: rows))
    }

    @Test("of no bytes there is nothing to turn")
    func empty() {
        [UInt8]().withRawBytes { raw in
            #expect(transposedBytes(0..<0, of: raw, rows: 5) == [])
        }
        #expect(transposed([], rows: 5, threads: 2) == [])
    }
}
