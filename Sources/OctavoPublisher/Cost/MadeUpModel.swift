import OctavoBase
import OctavoModel
public import OctavoNumerics

/// Makes up a layer like those of language models: normal weights in rows of different size, inputs
/// of which neighbours are correlated and a few are far more active than the rest.
///
/// - Parameters:
///   - outputs: How many outputs it has.
///   - inputs: How many inputs it has.
///   - seed: What the numbers start from.
/// - Returns: The weights, `[outputs, inputs]`, and the Hessian of the inputs, `[inputs, inputs]`.
public func madeUpLayer(outputs: Int, inputs: Int, seed: Int) -> (weight: Matrix, hessian: Matrix) {
    var generator = SeededGenerator(seed: UInt64(seed))
    /// About normal, with a deviation of 1.
    func normal() -> Float {
        Float((0..<12).reduce(-6.0) { sum, _ in sum + generator.nextUnit() })
    }
    var weight = Matrix(rows: outputs, columns: inputs)
    for row in 0..<outputs {
        let deviation = 0.02 * (1 + 0.5 * abs(normal()))
        for column in 0..<inputs { weight[row, column] = deviation * normal() }
    }
    // Inputs are normal numbers times this: one of 64 is ten times as active as the others.
    let activity = (0..<inputs).map { $0 % 64 == 7 ? 10 : 0.5 + abs(normal()) }
    var mixing = Matrix(rows: inputs, columns: inputs)
    for row in 0..<inputs {
        var near: Float = 1
        for column in row..<min(row + 16, inputs) {
            mixing[row, column] = near * activity[column]
            near *= 0.7
        }
    }
    return (weight, product(mixing, transposed: true, mixing))
}

/// One made-up block of an architecture, small enough to be measured in seconds.
struct MadeUpBlock: WeightSource {
    let configuration: ModelConfiguration
    private var tensors: [String: (shape: [Int], elements: [Float])] = [:]

    private struct Missing: Error {}

    /// The widest stream that is measured.
    private static let widest = 1024

    /// Makes up a block of the same kind, at most 1024 wide, without experts.
    init(like original: ModelConfiguration) {
        var small = original
        let heads = max(1, min(original.hiddenSize, Self.widest) / original.headDimension)
        let groups = original.headCount / max(1, original.keyValueHeadCount)
        small.headCount = min(heads, original.headCount)
        small.keyValueHeadCount =
            small.headCount % groups == 0 ? small.headCount / groups : small.headCount
        small.hiddenSize = min(original.hiddenSize, Self.widest)
        let width = original.experts?.intermediateSize ?? original.intermediateSize
        small.intermediateSize = max(
            1,
            width * small.hiddenSize / max(1, original.hiddenSize)
        )
        small.experts = nil
        small.layerCount = 1
        small.layers = Array(original.layers.prefix(1))
        small.biasedLinears = []
        small.vocabularySize = 256
        small.tiesEmbeddings = true
        configuration = small
        var generator = SeededGenerator(seed: 1)
        func add(_ name: String, _ shape: [Int], around mean: Float = 0) {
            let spread = 1 / Float(shape.last ?? 1).squareRoot()
            tensors[name] = (
                shape,
                (0..<shape.reduce(1, *)).map { _ in
                    mean + spread * Float(generator.nextUnit() - 0.5)
                }
            )
        }
        add("model.embed_tokens.weight", [small.vocabularySize, small.hiddenSize])
        add("model.norm.weight", [small.hiddenSize], around: 1)
        for norm in small.norms {
            guard let path = norm.path(layer: 0, in: small) else { continue }
            add(path, norm.shape(in: small), around: 1)
        }
        for name in small.linears(inLayer: 0) {
            let (outputs, inputs) = name.shape(in: small)
            add(name.path(layer: 0) + ".weight", [outputs, inputs])
        }
    }

    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        guard let tensor = tensors[name] else { throw Missing() }
        return tensor
    }
}
