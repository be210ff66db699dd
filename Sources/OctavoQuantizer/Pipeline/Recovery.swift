import OctavoNumerics

/// How the weights of a site's linears must change to undo, with the inputs there are, what went wrong
/// before them, as far as the text can tell that from chance.
///
/// The change that undoes most on the calibration text is the regression of what is lacking on the
/// inputs, `C (H + damping)⁻¹` with `C = E[lack · xᵀ]`. Each of its coefficients carries noise of about
/// one over the number of tokens; as linear after linear adds to one residual stream, it piles up: the
/// stream comes close to the original's on this text and goes astray on any other. So in each
/// direction of the inputs the change is shrunk to the share of it that both halves of the text agree on.
/// (Wiener's filter, or James and Stein's estimate, with the noise told by cross-validation.)
struct Recovery: Sendable {
    /// The directions of the inputs, one a row, in which they are uncorrelated.
    private let directions: Matrix
    /// What brings the inputs to unit variance in each of them.
    private let factors: [Float]

    /// What is added to the variance in each direction, as a share of its mean.
    private static let damping: Float = 0.02

    /// Takes apart the second moments of a site's inputs, `[inputs, inputs]`.
    ///
    /// - Throws: ``QuantizationError/notFinite(_:)``.
    init(hessian: Matrix) throws(QuantizationError) {
        do {
            let eigen = try SymmetricEigen(hessian)
            let mean = eigen.values.reduce(0, +) / Float(eigen.values.count)
            directions = eigen.vectors
            factors = eigen.values.map { value in
                let variance = max(0, value) + Self.damping * mean
                return variance > 0 ? 1 / variance.squareRoot() : 0
            }
        } catch {
            throw .notFinite(.hessian)
        }
    }

    /// Returns the change of weights.
    ///
    /// - Parameters:
    ///   - first: The mean of what outputs lack times the inputs, over one half of the text,
    ///     `[outputs, inputs]`.
    ///   - second: Over the other.
    /// - Returns: `[outputs, inputs]`.
    func change(_ first: Matrix, _ second: Matrix) -> Matrix {
        let (first, second) = (turned(first), turned(second))
        var mean = first
        add(second, times: 1, to: &mean)
        mean.scale(by: 0.5)
        let shares = shares(first, second, mean)
        mean.scaleColumns(by: zip(shares, factors).map { $0 * $1 })
        return product(mean, directions)
    }

    /// The same with columns for directions, in which the inputs have unit variance.
    private func turned(_ moments: Matrix) -> Matrix {
        var turned = product(moments, transposed: false, directions, transposed: true)
        turned.scaleColumns(by: factors)
        return turned
    }

    /// For each direction the share of the mean that is not chance, 0 to 1.
    ///
    /// Over all outputs, the product of the halves has the energy of what they share, and the square of
    /// their mean that and half of each one's noise besides.
    private func shares(_ first: Matrix, _ second: Matrix, _ mean: Matrix) -> [Float] {
        var (shared, whole) = (
            [Double](repeating: 0, count: mean.columns), [Double](repeating: 0, count: mean.columns)
        )
        for row in 0..<mean.rows {
            for k in 0..<mean.columns {
                let at = row * mean.columns + k
                shared[k] += Double(first.elements[at]) * Double(second.elements[at])
                whole[k] += Double(mean.elements[at]) * Double(mean.elements[at])
            }
        }
        return zip(shared, whole).map { $1 > 0 ? Float(max(0, min(1, $0 / $1))) : 0 }
    }
}

extension Matrix {
    /// Multiplies each column by a number.
    fileprivate mutating func scaleColumns(by factors: [Float]) {
        for row in 0..<rows {
            for k in 0..<columns { elements[row * columns + k] *= factors[k] }
        }
    }
}
