import Foundation
import OctavoModel

/// The mathematics of a Llama in Double, element by element as papers write it: what gradients are
/// checked against, by differences.
struct ReferenceModel {
    let configuration: ModelConfiguration
    /// By the names of checkpoints, row by row.
    var parameters: [String: [Double]]

    init(_ configuration: ModelConfiguration, from source: some WeightSource) throws {
        self.configuration = configuration
        parameters = [:]
        var names = ["model.embed_tokens.weight", "model.norm.weight"]
        if !configuration.tiesEmbeddings { names.append("lm_head.weight") }
        for layer in 0..<configuration.layerCount {
            names += ["input_layernorm.weight", "post_attention_layernorm.weight"]
                .map { "model.layers.\(layer).\($0)" }
            for linear in configuration.linears(inLayer: 0) {
                names.append(linear.path(layer: layer) + ".weight")
                if linear.hasBias(in: configuration) {
                    names.append(linear.path(layer: layer) + ".bias")
                }
            }
        }
        for name in names { parameters[name] = try source.tensor(name).elements.map(Double.init) }
    }

    private subscript(name: String) -> [Double] { parameters[name] ?? [] }

    /// The logits of every token of one sequence.
    func logits(_ tokens: [Int]) -> [[Double]] {
        let width = configuration.hiddenSize
        let embedding = self["model.embed_tokens.weight"]
        var hidden = tokens.map { Array(embedding[$0 * width..<($0 + 1) * width]) }
        for layer in 0..<configuration.layerCount { hidden = block(layer, hidden) }
        let head = configuration.tiesEmbeddings ? embedding : self["lm_head.weight"]
        return hidden.map { times(normed($0, self["model.norm.weight"]), head) }
    }

    /// The residual stream behind a block, given that before it, of one sequence.
    func block(_ layer: Int, _ input: [[Double]]) -> [[Double]] {
        func linear(_ name: LinearName, _ x: [Double]) -> [Double] {
            let path = name.path(layer: layer)
            let y = times(x, self[path + ".weight"])
            let bias = self[path + ".bias"]
            return bias.isEmpty ? y : zip(y, bias).map(+)
        }
        func norm(_ name: String) -> [Double] { self["model.layers.\(layer).\(name).weight"] }
        let x = input.map { normed($0, norm("input_layernorm")) }
        let q = x.enumerated().map { rotated(linear(.queryProjection, $1), at: $0) }
        let k = x.enumerated().map { rotated(linear(.keyProjection, $1), at: $0) }
        let v = x.map { linear(.valueProjection, $0) }
        return input.enumerated().map { position, residual in
            let attended = attention(q[position], Array(k[...position]), Array(v[...position]))
            let middle = zip(residual, linear(.outputProjection, attended)).map(+)
            let y = normed(middle, norm("post_attention_layernorm"))
            let gated = zip(linear(.gateProjection, y), linear(.upProjection, y)).map {
                $0 / (1 + exp(-$0)) * $1
            }
            return zip(middle, linear(.downProjection, gated)).map(+)
        }
    }

    private func attention(_ query: [Double], _ keys: [[Double]], _ values: [[Double]])
        -> [Double]
    {
        let d = configuration.headDimension
        let group = configuration.headCount / configuration.keyValueHeadCount
        return (0..<configuration.headCount).flatMap { head in
            let (first, shared) = (head * d, head / group * d)
            let weights = keys.map { key in
                exp(
                    (0..<d).reduce(0) { $0 + query[first + $1] * key[shared + $1] }
                        / sqrt(Double(d))
                )
            }
            let sum = weights.reduce(0, +)
            return (0..<d).map { i in
                zip(weights, values).reduce(0) { $0 + $1.0 * $1.1[shared + i] } / sum
            }
        }
    }

    private func rotated(_ x: [Double], at position: Int) -> [Double] {
        let d = configuration.headDimension
        let frequencies = configuration.rotary.frequencies(headDimension: d)
        var y = x
        for head in 0..<x.count / d {
            for (i, frequency) in frequencies.enumerated() {
                let (a, b) = (head * d + i, head * d + d / 2 + i)
                let angle = Double(position) * frequency
                y[a] = x[a] * cos(angle) - x[b] * sin(angle)
                y[b] = x[b] * cos(angle) + x[a] * sin(angle)
            }
        }
        return y
    }

    private func normed(_ x: [Double], _ weight: [Double]) -> [Double] {
        let squares = x.reduce(0) { $0 + $1 * $1 }
        let root = (squares / Double(x.count) + Double(configuration.normEpsilon)).squareRoot()
        return zip(x, weight).map { $0 / root * $1 }
    }

    /// `x · weightᵀ`.
    private func times(_ x: [Double], _ weight: [Double]) -> [Double] {
        (0..<weight.count / x.count).map { row in
            var sum = 0.0
            for i in x.indices { sum += x[i] * weight[row * x.count + i] }
            return sum
        }
    }
}

/// log softmax.
func logProbabilities(_ logits: [Double]) -> [Double] {
    let largest = logits.max() ?? 0
    let logSum = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
    return logits.map { $0 - logSum }
}
