import OctavoNumerics

/// How continuous parameters step.
public enum Optimizer: String, CaseIterable, Sendable {
    /// Adam, each number by itself. (Kingma and Ba, "Adam: a method for stochastic optimization".)
    case adam
    /// Adam's step, scaled for each codebook or vector to a share of its norm. (You et al., "Large batch
    /// optimization for deep learning: training BERT in 76 minutes".)
    case lamb
}

/// What all parameters of a step share.
struct ParameterStep {
    /// The length of the step, relative to the size of the numbers.
    var rate: Float
    /// The number of the step, from 1.
    var count: Int
    var optimizer = Optimizer.adam
}

/// Numbers that are learned by Adam, with steps that are relative to their size. (Kingma and Ba,
/// "Adam: a method for stochastic optimization".)
///
/// Adam's steps do not depend on the scale of the loss; here they follow the scale of the numbers
/// too, so that one rate fits codebooks of any layer, whose entries shrink with its width.
struct TunableParameter: Sendable {
    var values: [Float]
    /// The unit of each part, its root mean square at the beginning.
    var units: [Float]
    /// What the model adds to the values before it uses them.
    private let center: Float
    /// The running mean of gradients.
    var mean: [Float]
    /// The running mean of their squares.
    var square: [Float]

    /// Takes numbers in `parts` parts of one length, each with a scale of its own.
    ///
    /// - Parameters:
    ///   - values: The numbers.
    ///   - parts: How many parts there are.
    ///   - center: What the model adds to the numbers before it uses them: the sum sets the scale.
    init(_ values: [Float], parts: Int = 1, center: Float = 0) {
        self.values = values
        self.center = center
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
    ///   - step: Which step it is, and how long.
    mutating func step(_ gradient: [Float], _ step: ParameterStep) {
        precondition(gradient.count == values.count)
        let decay = Self.decay
        // Beyond a thousand steps nothing is left of the power.
        func bias(_ decay: Float) -> Float {
            1 - (0..<min(step.count, 1000)).reduce(1) { power, _ in power * decay }
        }
        let (meanBias, squareBias) = (bias(decay.mean), bias(decay.square).squareRoot())
        let length = values.count / units.count
        for part in units.indices {
            let range = part * length..<(part + 1) * length
            for i in range {
                let g = gradient[i]
                mean[i] = decay.mean * mean[i] + (1 - decay.mean) * g
                square[i] = decay.square * square[i] + (1 - decay.square) * g * g
            }
            func direction(_ i: Int) -> Float {
                mean[i] / meanBias / (square[i].squareRoot() / squareBias + Self.floor)
            }
            let size: Float
            switch step.optimizer {
            case .adam: size = step.rate * units[part]
            case .lamb:
                let (norm, length) = range.reduce(into: (0.0, 0.0)) { sums, i in
                    sums.0 += Double(values[i] + center) * Double(values[i] + center)
                    sums.1 += Double(direction(i)) * Double(direction(i))
                }
                size = length > 0 ? step.rate * Float((norm / length).squareRoot()) : 0
            }
            for i in range { values[i] -= size * direction(i) }
        }
    }

    /// Rounds to what half precision holds.
    mutating func roundToHalf() { values.roundToHalf(exponent: 0) }
}
