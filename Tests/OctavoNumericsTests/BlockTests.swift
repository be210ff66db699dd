import OctavoNumerics
import Testing

/// A matrix of different small whole numbers.
private func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: (0..<rows * columns).map { Float($0 % 11) - 4 })
}

@Test(arguments: [false, true])
func blockProductTouchesItsBlockOnly(transposed: Bool) {
    let (a, b, start) = (matrix(5, 7), matrix(8, 9), matrix(6, 8))
    let blockA = Block(rows: 1..<4, columns: 2..<6)
    let blockB =
        transposed
        ? Block(rows: 2..<7, columns: 3..<7) : Block(rows: 3..<7, columns: 2..<7)
    var c = start
    multiply(
        a,
        blockA,
        b,
        blockB,
        transposed: transposed,
        into: &c,
        Block(rows: 2..<5, columns: 3..<8),
        alpha: 2,
        beta: 3
    )
    for row in 0..<6 {
        for column in 0..<8 {
            var expected = start[row, column]
            if 2..<5 ~= row, 3..<8 ~= column {
                expected *= 3
                for k in 0..<4 {
                    let other =
                        transposed ? b[2 + column - 3, 3 + k] : b[3 + k, 2 + column - 3]
                    expected += 2 * a[1 + row - 2, 2 + k] * other
                }
            }
            #expect(c[row, column] == expected)
        }
    }
}

@Test
func emptyBlocksChangeNothing() {
    let a = matrix(3, 4)
    var c = matrix(3, 5)
    let start = c
    multiply(
        a,
        a.block(columns: 2..<2),
        matrix(2, 5),
        Block(rows: 0..<0, columns: 0..<5),
        into: &c,
        c.all
    )
    multiply(
        a,
        a.block(columns: 0..<2),
        matrix(2, 5),
        Block(rows: 0..<2, columns: 5..<5),
        into: &c,
        c.block(columns: 5..<5)
    )
    #expect(c == start)
}

@Test
func sumsAndScalesOfBlocks() {
    let a = matrix(4, 6)
    var b = matrix(5, 4)
    let start = b
    add(a, Block(rows: 1..<3, columns: 2..<5), times: 2, to: &b, Block(rows: 3..<5, columns: 0..<3))
    b.scaleRows(by: [1, 2, 0, 3, -1])
    for row in 0..<5 {
        for column in 0..<4 {
            let added = row >= 3 && column < 3 ? 2 * a[row - 2, column + 2] : 0
            #expect(b[row, column] == [1, 2, 0, 3, -1][row] * (start[row, column] + added))
        }
    }
}

@Test
func dotsAreSummedInDouble() {
    // In single precision 1 would be lost beside 2²⁴.
    let a = Matrix(rows: 2, columns: 2, elements: [16_777_216, 1, 2, 3])
    let ones = Matrix(rows: 2, columns: 2, elements: [1, 1, 1, 1])
    #expect(dot(a, ones) == 16_777_222)
    #expect(rowDots(a, ones) == [16_777_217, 5])
}

@Test
func squareOfSomeRows() {
    let x = matrix(6, 4)
    var c = Matrix(rows: 4, columns: 4, elements: .init(repeating: 99, count: 16))
    squareLower(x, rows: 2..<5, into: &c)
    for row in 0..<4 {
        for column in 0..<4 {
            let sum = (2..<5).reduce(Float(0)) { $0 + x[$1, row] * x[$1, column] }
            #expect(c[row, column] == (column <= row ? sum : 99))
        }
    }
}

@Suite
struct CholeskyTests {
    /// `[[4, 2], [2, 10]] = L Lᵀ` with `L = [[2, 0], [1, 3]]`.
    @Test
    func factor() throws {
        var a: [Double] = [4, 77, 2, 10]
        try factorCholesky(&a, size: 2)
        #expect(a == [2, 77, 1, 3])
    }

    /// The inverse of the same matrix is `[[10, -2], [-2, 4]] / 36`.
    @Test
    func inverse() throws {
        var a: [Double] = [4, 77, 2, 10]
        try invertPositiveDefinite(&a, size: 2)
        for (found, expected) in zip(a, [10.0 / 36, -2.0 / 36, -2.0 / 36, 4.0 / 36]) {
            #expect(abs(found - expected) < 1e-15)  // a few roundings of numbers below 1
        }
    }

    @Test(arguments: [([1.0, 0, 2, 1], 2), ([-1, 0, 0, 1], 1), ([0, 0, 0, 0], 1)])
    func indefinite(matrix: [Double], minor: Int) {
        var a = matrix
        let factoring = #expect(throws: NotPositiveDefiniteError.self) {
            try factorCholesky(&a, size: 2)
        }
        #expect(factoring?.minor == minor)
        a = matrix
        let inverting = #expect(throws: NotPositiveDefiniteError.self) {
            try invertPositiveDefinite(&a, size: 2)
        }
        #expect(inverting?.minor == minor)
    }
}
