import OctavoModel
import OctavoNumerics

/// The relative loss of a layer, `tr(ΔHΔᵀ) / tr(WHWᵀ)` in double precision, from its codes, codebooks and
/// scales alone: nothing of the quantizer's own reckoning is in it.
func relativeLoss(of layer: AdditiveLayer, on original: BenchmarkLayer) -> Double {
    let (weight, hessian) = (original.weight, original.hessian.elements.map(Double.init))
    let scheme = layer.scheme
    var (loss, energy) = (0.0, 0.0)
    for row in 0..<weight.rows {
        let exact = (0..<weight.columns).map { Double(weight[row, $0]) }
        var error = exact.map { -$0 }
        for group in 0..<weight.columns / scheme.groupSize {
            for m in 0..<scheme.codebooks {
                let place =
                    (row * (weight.columns / scheme.groupSize) + group) * scheme.codebooks + m
                let entry = m * scheme.entries + Int(layer.codes[place])
                for i in 0..<scheme.groupSize {
                    error[group * scheme.groupSize + i] +=
                        Double(layer.scales[row])
                        * Double(layer.codebooks[entry * scheme.groupSize + i])
                }
            }
        }
        loss += energyOf(error, hessian)
        energy += energyOf(exact, hessian)
    }
    return energy > 0 ? loss / energy : 0
}

/// Returns `x H xᵀ`.
private func energyOf(_ x: [Double], _ hessian: [Double]) -> Double {
    var pulled = [Double](repeating: 0, count: x.count)
    var sums = pulled.mutableSpan
    let all = hessian.span
    for row in x.indices where x[row] != 0 {
        let (factor, line) = (x[row], all.extracting(row * x.count..<(row + 1) * x.count))
        for column in sums.indices { sums[column] += factor * line[column] }
    }
    return zip(x, pulled).reduce(0) { $0 + $1.0 * $1.1 }
}
