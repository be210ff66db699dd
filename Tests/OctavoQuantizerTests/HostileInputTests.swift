import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import Testing

private let scheme = Scheme(codebooks: 2, bits: 4, groupSize: 8)

private func identity(_ size: Int) -> Matrix {
    var matrix = Matrix(rows: size, columns: size)
    for i in 0..<size { matrix[i, i] = 1 }
    return matrix
}

@Suite
struct HostileHessianTests {
    /// A Hessian with one element changed, and with its mirror image unless told otherwise.
    private func changed(_ row: Int, _ column: Int, _ value: Float, mirrored: Bool = true) -> Matrix
    {
        var matrix = identity(16)
        matrix[row, column] = value
        if mirrored { matrix[column, row] = value }
        return matrix
    }

    @Test
    func namedErrors() throws {
        let cases: [(Matrix, Int, QuantizationError)] = [
            (changed(3, 4, .nan), 8, .notFinite(.hessian)),
            (changed(3, 3, .infinity), 8, .notFinite(.hessian)),
            (changed(3, 4, 0.5, mirrored: false), 8, .asymmetric(row: 4, column: 3)),
            (changed(3, 4, 2), 8, .notPositiveDefinite(minor: 13)),
            // A smaller trace puts the group last, and factoring begins there.
            (changed(3, 3, -5), 8, .notPositiveDefinite(minor: 5)),
            (Matrix(rows: 16, columns: 16), 8, .noActivations),
            (Matrix(rows: 0, columns: 0), 8, .emptyLayer),
            (Matrix(rows: 8, columns: 16), 8, .inputsDiffer(.hessian, found: 8, expected: 16)),
            (identity(16), 5, .indivisible(inputs: 16, groupSize: 5)),
            (identity(16), 0, .indivisible(inputs: 16, groupSize: 0)),
        ]
        for (hessian, groupSize, error) in cases {
            #expect(throws: error) { try InputMetric(hessian: hessian, groupSize: groupSize) }
        }
    }

    /// Inputs that are never active, or always the same, leave a singular Hessian.
    @Test
    func singular() throws {
        var generator = SeededGenerator(seed: 1)
        let weight = randomMatrix(20, 32, &generator)
        var x = randomMatrix(100, 32, &generator)
        for token in 0..<100 {
            for dead in [0, 5, 9] + Array(16..<24) { x[token, dead] = 0 }
            x[token, 7] = x[token, 6]
        }
        let hessian = product(x, transposed: true, x)
        let metric = try InputMetric(hessian: hessian, groupSize: 8)
        let (layer, report) = try quantize(
            weight: weight,
            metric: metric,
            scheme: try #require(scheme)
        )
        #expect(report.relativeLoss < 0.5)
        #expect(layer.dequantized().elements.allSatisfy { $0.isFinite })
        // Even weights of dead inputs are approximated: other inputs may wake them.
        let found = layer.dequantized()
        var (error, energy) = (Float(0), Float(0))
        for row in 0..<20 {
            for column in 16..<24 {
                error +=
                    (found[row, column] - weight[row, column])
                    * (found[row, column] - weight[row, column])
                energy += weight[row, column] * weight[row, column]
            }
        }
        #expect(error < energy)
    }

    /// One token only: rank one.
    @Test
    func rankOne() throws {
        var generator = SeededGenerator(seed: 2)
        let weight = randomMatrix(20, 32, &generator)
        let x = randomMatrix(1, 32, &generator)
        let metric = try InputMetric(hessian: product(x, transposed: true, x), groupSize: 8)
        let report = try quantize(
            weight: weight,
            metric: metric,
            scheme: try #require(scheme)
        ).report
        #expect(report.relativeLoss < 0.1)
    }

    /// The unit of the Hessian does not matter.
    @Test
    func anyUnit() throws {
        var generator = SeededGenerator(seed: 3)
        let weight = randomMatrix(20, 32, &generator)
        let hessian = randomHessian(32, &generator)
        var losses: [Double] = []
        for exponent in [-90, 0, 90] {
            var scaled = hessian
            let factor = Float(sign: .plus, exponent: exponent, significand: 1)
            for i in scaled.elements.indices { scaled.elements[i] *= factor }
            let metric = try InputMetric(hessian: scaled, groupSize: 8)
            losses.append(
                try quantize(weight: weight, metric: metric, scheme: try #require(scheme)).report
                    .relativeLoss
            )
        }
        // A power of two changes no mantissa.
        #expect(losses[0] == losses[1] && losses[1] == losses[2])
    }
}

@Suite
struct HostileWeightTests {
    private let metric: InputMetric
    private let scheme: Scheme

    init() throws {
        metric = try InputMetric(hessian: identity(16), groupSize: 8)
        scheme = try #require(Scheme("2x4g8"))
    }

    @Test
    func namedErrors() throws {
        func weight(_ value: Float) -> Matrix {
            Matrix(rows: 4, columns: 16, elements: .init(repeating: value, count: 64))
        }
        let cases: [(Matrix, String, QuantizationError)] = [
            (weight(.nan), "2x4g8", .notFinite(.weights)),
            (weight(-.infinity), "2x4g8", .notFinite(.weights)),
            (weight(1e30), "2x4g8", .outOfRange),
            (weight(.greatestFiniteMagnitude), "2x4g8", .outOfRange),
            (weight(1), "2x4g4", .groupSizesDiffer(metric: 8, scheme: 4)),
            (Matrix(rows: 0, columns: 16), "2x4g8", .emptyLayer),
            (Matrix(rows: 4, columns: 8), "2x4g8", .inputsDiffer(.weights, found: 8, expected: 16)),
        ]
        for (weight, text, error) in cases {
            let scheme = try #require(Scheme(text))
            #expect(throws: error) {
                try quantize(weight: weight, metric: metric, scheme: scheme)
            }
        }
    }

    @Test(arguments: [Float(0), -0.0])
    func zeroLayer(_ zero: Float) throws {
        let weight = Matrix(rows: 4, columns: 16, elements: .init(repeating: zero, count: 64))
        let (layer, report) = try quantize(weight: weight, metric: metric, scheme: scheme)
        #expect(report.relativeLoss == 0)
        #expect(layer.dequantized().elements.allSatisfy { $0 == 0 })
    }

    @Test
    func zeroRowsStayZero() throws {
        var generator = SeededGenerator(seed: 4)
        var weight = randomMatrix(12, 16, &generator)
        for row in [0, 5, 11] { for i in 0..<16 { weight[row, i] = 0 } }
        let (layer, report) = try quantize(weight: weight, metric: metric, scheme: scheme)
        #expect(report.relativeLoss < 0.5)
        for row in [0, 5, 11] {
            for i in 0..<16 { #expect(layer.dequantized()[row, i] == 0) }
        }
    }

    /// Weights far from one keep their precision as long as halves can hold the product of an
    /// entry and a scale.
    @Test(arguments: [Float(1e-6), 1e-4, 1e4, 1e7])
    func unusualUnits(_ unit: Float) throws {
        var generator = SeededGenerator(seed: 5)
        let weight = randomMatrix(20, 16, deviation: unit, &generator)
        let (layer, report) = try quantize(weight: weight, metric: metric, scheme: scheme)
        #expect(report.relativeLoss < 0.2)
        let loss = relativeLoss(layer, weight, identity(16))
        #expect(abs(loss - report.relativeLoss) < 1e-3 * loss)
    }

    /// Rows of very different size share a codebook.
    @Test
    func unequalRows() throws {
        var generator = SeededGenerator(seed: 6)
        var weight = randomMatrix(20, 16, &generator)
        weight.scaleRows(by: (0..<20).map { Float(sign: .plus, exponent: -$0, significand: 1) })
        let (layer, report) = try quantize(weight: weight, metric: metric, scheme: scheme)
        #expect(report.relativeLoss < 0.2)
        #expect(layer.dequantized().elements.allSatisfy { $0.isFinite })
    }
}
