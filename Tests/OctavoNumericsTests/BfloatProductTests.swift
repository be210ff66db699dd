import OctavoBase
import Testing

@testable import OctavoNumerics

/// Products in bfloat16 against sums, in double precision, of operands rounded here.
@Suite
struct BfloatProductTests {
    /// Both kernels; the vectors' only where the processor runs them.
    static let kernels: [InstructionSet] = hasBfloatProducts ? [.scalar, .avx512] : [.scalar]

    /// Rows, columns, depth: at and around tiles (14 by 32), pairs, vectors of pairs (32), and blocks packed at
    /// once (112 rows, 768 columns, 768 deep).
    static let shapes = [
        (1, 1, 1), (13, 31, 2), (14, 32, 32), (15, 33, 3), (31, 1, 33), (1, 33, 31), (33, 15, 13),
        (28, 64, 15), (113, 65, 64), (112, 32, 769), (5, 769, 7), (127, 40, 1537), (2, 3, 768),
    ]

    /// A product with operands whose rows lie apart.
    struct Case {
        var (m, n, k): (Int, Int, Int)
        var (transposedA, transposedB): (Bool, Bool)
        var (alpha, beta): (Float, Float) = (1, 0)
        var gap = 3
        var lower = false
        let (a, b): ([Float], [Float])
        var c: [Float]

        init(_ shape: (Int, Int, Int), _ transposedA: Bool, _ transposedB: Bool) {
            (m, n, k) = shape
            (self.transposedA, self.transposedB) = (transposedA, transposedB)
            a = ElementwiseTests.numbers((m + gap) * (k + gap), seed: 1)
            b = ElementwiseTests.numbers((k + gap) * (n + gap), seed: 2)
            c = ElementwiseTests.numbers(m * (n + gap), seed: 3)
        }

        var strideA: Int { (transposedA ? m : k) + gap }
        var strideB: Int { (transposedB ? k : n) + gap }
        var strideC: Int { n + gap }

        func at(_ row: Int, _ column: Int) -> Int { row * strideC + column }

        func run(threads: Int = 1, on isa: InstructionSet) -> [Float] {
            var c = c
            var out = c.mutableSpan
            multiplyBfloat(
                m: m,
                n: n,
                k: k,
                ProductOperand(a.span, stride: strideA, transposed: transposedA),
                ProductOperand(b.span, stride: strideB, transposed: transposedB),
                into: &out,
                stride: strideC,
                alpha: alpha,
                beta: beta,
                lower: lower,
                threads: threads,
                on: isa
            )
            return c
        }

        /// The element that there should be, and the sum of the magnitudes of its terms.
        func expected(_ row: Int, _ column: Int) -> (value: Double, magnitude: Double) {
            var (sum, magnitude) = (0.0, 0.0)
            for i in 0..<k {
                let left = a[transposedA ? i * strideA + row : row * strideA + i]
                let right = b[transposedB ? column * strideB + i : i * strideB + column]
                let term =
                    Double(BfloatProductTests.rounded(left))
                    * Double(BfloatProductTests.rounded(right))
                sum += term
                magnitude += abs(term)
            }
            let old = beta == 0 ? 0 : Double(beta) * Double(c[at(row, column)])
            return (
                Double(alpha) * sum + old, abs(Double(alpha)) * magnitude + abs(old)
            )
        }
    }

    /// To the nearest bfloat16, ties to even.
    static func rounded(_ value: Float) -> Float {
        let (low, rest) = (value.bitPattern & 0xFFFF_0000, value.bitPattern & 0xFFFF)
        let isUp = rest > 0x8000 || rest == 0x8000 && low & 0x1_0000 != 0
        return Float(bitPattern: isUp ? low + 0x1_0000 : low)
    }

    /// Each of at most k + 4 additions and multiplications in float errs by 2⁻²⁴ of the magnitudes at most.
    static func tolerance(_ k: Int) -> Double { Double(k + 4) * 0x1p-24 }

    @Test(arguments: kernels, [false, true])
    func equalTheirDefinition(isa: InstructionSet, transposedA: Bool) {
        for shape in Self.shapes {
            for transposedB in [false, true] {
                for (alpha, beta) in [(Float(1), Float(0)), (-1.5, 1), (2, 0.25)] {
                    var test = Case(shape, transposedA, transposedB)
                    (test.alpha, test.beta) = (alpha, beta)
                    let found = test.run(on: isa)
                    var (worst, touched) = (0.0, false)
                    for row in 0..<test.m {
                        for column in 0..<test.strideC {
                            let at = test.at(row, column)
                            guard column < test.n else {
                                touched = touched || found[at] != test.c[at]
                                continue
                            }
                            let (value, magnitude) = test.expected(row, column)
                            worst = max(worst, abs(Double(found[at]) - value) / magnitude)
                        }
                    }
                    #expect(worst <= Self.tolerance(test.k), "\(shape) \(transposedB) \(beta)")
                    #expect(!touched, "\(shape)")
                }
            }
        }
    }

    @Test(arguments: kernels)
    func threadsAndPlacesDoNotMatter(isa: InstructionSet) {
        for shape in Self.shapes + [(40, 900, 800), (300, 40, 1000)] {
            for transposed in [false, true] {
                let test = Case(shape, transposed, !transposed)
                let one = test.run(on: isa).map(\.bitPattern)
                for threads in [2, 3, 7] {
                    #expect(test.run(threads: threads, on: isa).map(\.bitPattern) == one)
                }
            }
        }
    }

    @Test(arguments: kernels, [1, 2, 3, 5])
    func lowerTriangle(isa: InstructionSet, threads: Int) {
        for size in [1, 13, 14, 15, 33, 130, 800] {
            var test = Case((size, size, 37), true, false)
            let full = test.run(on: isa)
            test.lower = true
            let lower = test.run(threads: threads, on: isa)
            for row in 0..<size {
                let (start, diagonal, end) = (
                    test.at(row, 0), test.at(row, row), test.at(row, test.strideC - 1)
                )
                #expect(lower[start...diagonal] == full[start...diagonal])
                guard diagonal < end else { continue }
                #expect(lower[diagonal + 1...end] == test.c[diagonal + 1...end])
            }
        }
    }

    @Test(arguments: ProductPrecision.allCases)
    func triangleOfSquares(precision: ProductPrecision) {
        // Whole numbers below 256 are the same in bfloat16, and sums of their products exact.
        let elements = (0..<70 * 45).map { Float($0 % 23) - 11 }
        let x = Matrix(rows: 70, columns: 45, elements: elements)
        var c = Matrix(rows: 45, columns: 45, elements: .init(repeating: 99, count: 45 * 45))
        squareLower(x, rows: 2..<69, into: &c, precision: precision, threads: 2)
        for row in 0..<45 {
            for column in 0..<45 {
                let sum = (2..<69).reduce(Float(0)) { $0 + x[$1, row] * x[$1, column] }
                #expect(c[row, column] == (column <= row ? sum : 99))
            }
        }
        let t = Matrix(rows: 70, columns: 33, elements: (0..<70 * 33).map { Float($0 % 19) - 9 })
        var cross = Matrix(rows: 33, columns: 45, elements: .init(repeating: 99, count: 33 * 45))
        multiply(t, with: x, rows: 3..<68, into: &cross, precision: precision, threads: 2)
        for row in 0..<33 {
            for column in 0..<45 {
                let sum = (3..<68).reduce(Float(0)) { $0 + t[$1, row] * x[$1, column] }
                #expect(cross[row, column] == sum)
            }
        }
        let all = product(x, transposed: true, x, precision: precision, threads: 2)
        let none = Matrix(rows: 0, columns: 45)
        var left = all
        multiply(
            none,
            transposed: true,
            none,
            into: &left,
            beta: 2,
            precision: precision,
            threads: 2
        )
        #expect(left.elements == all.elements.map { 2 * $0 })
    }

    /// A value, what it becomes beside ones: rounding goes to the nearest, ties to even.
    @Test(arguments: kernels)
    func values(isa: InstructionSet) {
        let table: [(Float, Float)] = [
            (1 + 0x1p-8, 1), (1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-7), (1 + 0x1p-7 + 0x1p-8, 1 + 0x1p-6),
            (-1 - 0x1p-8, -1), (0x1.FEp127, 0x1.FEp127), (.greatestFiniteMagnitude, .infinity),
            (.infinity, .infinity), (-.infinity, -.infinity), (.leastNormalMagnitude, 0x1p-126),
            (.nan, .nan), (.signalingNaN, .nan), (Float(bitPattern: 0x7F80_0001), .nan),
            (Float(bitPattern: 0xFFFF_FFFF), .nan), (0, 0),
        ]
        for (value, expected) in table {
            for transposed in [false, true] {
                var a = Matrix(rows: 15, columns: 15)
                a[transposed ? 4 : 14, transposed ? 14 : 4] = value
                let ones = Matrix(rows: 15, columns: 33, elements: .init(repeating: 1, count: 495))
                // Not read: what is no number there would come through.
                var c = [Float](repeating: .nan, count: 495)
                var out = c.mutableSpan
                multiplyBfloat(
                    m: 15,
                    n: 33,
                    k: 15,
                    ProductOperand(a.elements.span, stride: 15, transposed: transposed),
                    ProductOperand(ones.elements.span, stride: 33, transposed: false),
                    into: &out,
                    stride: 33,
                    threads: 1,
                    on: isa
                )
                for row in 0..<15 {
                    for found in c[row * 33..<row * 33 + 33] {
                        let wanted = row == 14 ? expected : 0
                        #expect(found == wanted || found.isNaN && wanted.isNaN, "\(value)")
                    }
                }
            }
        }
    }

    /// Both add terms in order of depth, in pairs; only what is rounded within a pair differs.
    @Test(.enabled(if: hasBfloatProducts))
    func kernelsAreClose() {
        for shape in Self.shapes {
            let test = Case(shape, false, true)
            let (scalar, vector) = (test.run(on: .scalar), test.run(on: .avx512))
            for row in 0..<test.m {
                for column in 0..<test.n {
                    let at = test.at(row, column)
                    let (_, magnitude) = test.expected(row, column)
                    let apart = abs(Double(scalar[at]) - Double(vector[at]))
                    #expect(apart <= 2 * Self.tolerance(test.k) * magnitude)
                }
            }
        }
    }
}
