import Testing

@testable import OctavoQuantizer

/// Adam and LAMB against their formulas in Double: m ← .9 m + .1 g, v ← .95 v + .05 g², both freed of their
/// bias, u = m / √v; Adam moves by the rate times the first root mean square of the part, LAMB so that a part
/// moves by the rate times its norm now.
@Suite
struct ParameterStepTests {
    private let start: [Float] = [0.5, -1, 2, 0.25, 30, -10, 20, 40]

    /// Another gradient each step, of another size; the second part has none in the first step.
    private func gradient(_ step: Int) -> [Float] {
        (0..<8).map { i in
            step == 1 && i >= 4 ? 0 : Float((i * 5 + step * 3) % 7 - 3) * (i < 4 ? 1e-3 : 100)
        }
    }

    private func norm(_ values: ArraySlice<Double>) -> Double {
        values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    @Test(arguments: Optimizer.allCases, [Float(0), 1])
    func followsItsFormula(optimizer: Optimizer, center: Float) {
        var parameter = TunableParameter(start, parts: 2, center: center)
        var values = start.map(Double.init)
        var (mean, square) = ([Double](repeating: 0, count: 8), [Double](repeating: 0, count: 8))
        let (first, added, rate) = (values, Double(center), 0.01)
        for step in 1...6 {
            let gradient = gradient(step)
            parameter.step(
                gradient,
                ParameterStep(rate: Float(rate), count: step, optimizer: optimizer)
            )
            var (meanBias, squareBias) = (1.0, 1.0)
            for _ in 0..<step { (meanBias, squareBias) = (meanBias * 0.9, squareBias * 0.95) }
            for part in [0..<4, 4..<8] {
                var direction = [Double](repeating: 0, count: 8)
                for i in part {
                    let g = Double(gradient[i])
                    mean[i] = 0.9 * mean[i] + 0.1 * g
                    square[i] = 0.95 * square[i] + 0.05 * g * g
                    guard square[i] > 0 else { continue }
                    direction[i] =
                        mean[i] / (1 - meanBias) / (square[i] / (1 - squareBias)).squareRoot()
                }
                let length = norm(direction[part])
                let moved = optimizer == .adam ? first : values
                let size = norm(ArraySlice(moved[part].map { $0 + added }))
                // Four numbers: a root mean square is half a norm.
                let scale = optimizer == .adam ? size / 2 : length > 0 ? size / length : 0
                for i in part { values[i] -= rate * scale * direction[i] }
            }
            for i in 0..<8 {
                // A few roundings of float32 a step.
                #expect(abs(Double(parameter.values[i]) - values[i]) < 1e-5 * (1 + abs(values[i])))
            }
        }
    }

    @Test("a step of LAMB moves each part by a share of its norm, whatever the gradient's size")
    func lambMovesByAShare() {
        var parameter = TunableParameter(start, parts: 2)
        parameter.step(
            gradient(2),
            ParameterStep(rate: 0.03, count: 1, optimizer: .lamb)
        )
        for part in [0..<4, 4..<8] {
            let moved = part.map { Double(parameter.values[$0]) - Double(start[$0]) }
            let size = norm(ArraySlice(start[part].map(Double.init)))
            // Differences of float32 numbers of the size of the part.
            #expect(abs(norm(moved[...]) - 0.03 * size) < 1e-5 * size)
        }
    }

    @Test(arguments: Optimizer.allCases)
    func staysWithoutAGradient(optimizer: Optimizer) {
        var parameter = TunableParameter(start)
        parameter.step(
            [Float](repeating: 0, count: 8),
            ParameterStep(rate: 1, count: 1, optimizer: optimizer)
        )
        #expect(parameter.values == start)
    }
}
