import OctavoBase
import OctavoModel
import OctavoNumerics

/// By which powers of two the values of a choice are multiplied in the layer that is returned.
struct UnitExponents {
    let codebooks: Int
    let scales: Int

    /// Splits a power of two so that both parts stay within half precision.
    ///
    /// Row norms as scales and entries of about one over the root of the inputs are what other
    /// implementations expect, so the scales take what they can.
    init(_ exponent: Int) {
        scales = min(14, max(-8, exponent))
        codebooks = exponent - scales
    }

    /// Leaves codebooks as they are.
    init(scales: Int) {
        codebooks = 0
        self.scales = scales
    }
}

extension LayerState {
    /// Rounds codebooks and scales to what half precision holds in the layer's own unit, and
    /// chooses what remains anew after each.
    ///
    /// - Throws: ``QuantizationError/outOfRange``.
    mutating func round(_ problem: LayerProblem) throws(QuantizationError) -> UnitExponents {
        let exponents = UnitExponents(problem.exponent)
        choice.codebooks.vectors.elements.roundToHalf(exponent: exponents.codebooks)
        _ = refreshResidual(problem)
        solveScales(problem)
        choice.scales.roundToHalf(exponent: exponents.scales)
        let finite = choice.codebooks.vectors.elements.allSatisfy(\.isFinite)
        guard finite, choice.scales.allSatisfy(\.isFinite) else { throw .outOfRange }
        _ = refreshResidual(problem)
        sweep(problem)
        return exponents
    }
}

extension [Float] {
    /// Rounds each element to the nearest whose product with a power of two is a half.
    mutating func roundToHalf(exponent: Int) {
        let there = Float(sign: .plus, exponent: exponent, significand: 1)
        let back = Float(sign: .plus, exponent: -exponent, significand: 1)
        for i in indices { self[i] = Half.widen(Half.narrow(self[i] * there)) * back }
    }
}

extension LayerProblem {
    /// A loss as a share of what the layer would lose without any weights.
    ///
    /// A loss that is no number counts as infinite: nothing may be found better for it.
    func relative(_ loss: Double) -> Double {
        guard !loss.isNaN else { return .infinity }
        return energy > 0 ? max(0, loss) / energy : 0
    }

    /// Returns the layer of a choice: groups in their own order, values in their own unit.
    func layer(
        _ choice: LayerChoice,
        _ exponents: UnitExponents
    ) throws(QuantizationError) -> AdditiveLayer {
        let count = scheme.codebooks
        var codes = [UInt16](repeating: 0, count: outputs * groups * count)
        for (place, group) in metric.order.enumerated() {
            for output in 0..<outputs {
                for m in 0..<count {
                    codes[(output * groups + group) * count + m] =
                        choice.codes[place][output * count + m]
                }
            }
        }
        /// Values in the layer's own unit.
        func scaled(_ values: [Float], _ exponent: Int) -> [Float] {
            values.map { $0 * Float(sign: .plus, exponent: exponent, significand: 1) }
        }
        do {
            return try AdditiveLayer(
                scheme: scheme,
                outputs: outputs,
                inputs: metric.inputs,
                codes: codes,
                codebooks: scaled(choice.codebooks.vectors.elements, exponents.codebooks),
                scales: scaled(choice.scales, exponents.scales)
            )
        } catch {
            preconditionFailure("the parts of a layer fit together: \(error)")
        }
    }
}
