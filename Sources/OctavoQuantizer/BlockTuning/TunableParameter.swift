import OctavoNumerics

/// Numbers that are learned by Adam, with steps that are relative to their size. (Kingma and Ba,
/// "Adam: a method for stochastic optimization".)
///
/// Adam's steps do not depend on the scale of the loss; here they follow the scale of the numbers
/// too, so that one rate fits codebooks of any layer, whose entries shrink with its width.
struct TunableParameter {
    private(set) var values: [Float]
    /// The unit of each part, its root mean square at the beginning.
    private let units: [Float]
    private var mean: [Float]
    private var square: [Float]

    /// Takes numbers in `parts` parts of one length, each with a scale of its own.
    ///
    /// - Parameters:
    ///   - values: The numbers.
    ///   - parts: How many parts there are.
    ///   - center: What the model adds to the numbers before it uses them: the sum sets the scale.
    init(_ values: [Float], parts: Int = 1, center: Float = 0) {
        self.values = values
        mean = [Float](repeating: 0, count: values.count)
        square = mean
        let length = values.count / parts
        units = (0..<parts).map { part in
            let squares = values[part * length..<(part + 1) * length].reduce(0.0) {
                $0 + Double($1 + center) * Double($1 + center)
            }
            return Float((squares / Double(length)).squareRoot())
        }
    }

    /// How far back the means of gradients and of their squares reach.
    private static let decay: (mean: Float, square: Float) = (0.9, 0.95)

    /// Below this root mean square a gradient is taken for zero: near the least whose square float
    /// holds, as losses may have any scale.
    private static let floor: Float = 1e-15

    /// Moves against a gradient.
    ///
    /// - Parameters:
    ///   - gradient: As the values.
    ///   - rate: The length of a step in units.
    ///   - count: The number of this step, from 1.
    mutating func step(_ gradient: [Float], rate: Float, count: Int) {
        precondition(gradient.count == values.count)
        let decay = Self.decay
        // Beyond a thousand steps nothing is left of the power.
        func bias(_ decay: Float) -> Float {
            1 - (0..<min(count, 1000)).reduce(1) { power, _ in power * decay }
        }
        let (meanBias, squareBias) = (bias(decay.mean), bias(decay.square).squareRoot())
        let length = values.count / units.count
        for part in units.indices {
            let size = rate * units[part] / meanBias
            for i in part * length..<(part + 1) * length {
                let g = gradient[i]
                mean[i] = decay.mean * mean[i] + (1 - decay.mean) * g
                square[i] = decay.square * square[i] + (1 - decay.square) * g * g
                values[i] -= size * mean[i] / (square[i].squareRoot() / squareBias + Self.floor)
            }
        }
    }

    /// Rounds to what half precision holds.
    mutating func roundToHalf() { values.roundToHalf(exponent: 0) }
}
