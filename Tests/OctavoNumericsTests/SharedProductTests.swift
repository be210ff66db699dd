import OctavoBase
import OctavoNumerics
import Testing

@Suite("Rows of a product are shared by threads")
struct SharedProductTests {
    private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        let elements = (0..<rows * columns).map { _ in Float(generator.nextUnit() - 0.5) }
        return Matrix(rows: rows, columns: columns, elements: elements)
    }

    /// Sums in double of what is multiplied.
    private func expected(_ a: Matrix, _ b: Matrix) -> [Double] {
        (0..<a.rows).flatMap { row in
            (0..<b.columns).map { column in
                (0..<a.columns).reduce(0.0) { $0 + Double(a[row, $1]) * Double(b[$1, column]) }
            }
        }
    }

    @Test(
        "whatever their number, and that of rows",
        arguments: [0, 1, 2, 3, 8],
        [(0, 5, 7), (1, 5, 7), (2, 1, 3), (7, 33, 18), (64, 40, 24)]
    )
    func isTheProduct(threads: Int, shape: (rows: Int, depth: Int, columns: Int)) {
        let a = matrix(shape.rows, shape.depth, seed: 1)
        let b = matrix(shape.depth, shape.columns, seed: 2)
        let truth = expected(a, b)
        let c = product(a, b, sharedBy: threads)
        #expect(c.rows == shape.rows && c.columns == shape.columns)
        for (found, sum) in zip(c.elements, truth) {
            // At most 40 products below 1/4, rounded as they are added up.
            #expect(abs(Double(found) - sum) < 40 * 40 * 0.25 * 0x1p-24)
        }
    }

    @Test(
        "rows are subtracted, scaled and multiplied by one another, more than a thread takes at once"
    )
    func rowArithmetic() {
        let (a, b) = (matrix(500, 100, seed: 4), matrix(500, 100, seed: 5))
        let factors = (0..<500).map { Float($0) / 100 - 2 }
        for threads in [1, 3] {
            let (less, scaled) = (
                difference(a, b, threads: threads), a.scalingRows(by: factors, threads: threads)
            )
            let dots = rowDots(a, b, threads: threads)
            for row in 0..<500 {
                var dot = 0.0
                for column in 0..<100 {
                    #expect(less[row, column] == a[row, column] - b[row, column])
                    #expect(scaled[row, column] == factors[row] * a[row, column])
                    dot += Double(a[row, column]) * Double(b[row, column])
                }
                // The kernel adds up some of the hundred products, of at most 1/4, in float.
                #expect(abs(dots[row] - dot) < 100 * 0.25 * 0x1p-24)
            }
        }
    }
}
