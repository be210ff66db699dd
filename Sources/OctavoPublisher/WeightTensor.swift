import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics

/// A tensor of a model as its mathematics has it: of a quantized linear, the weights that it stands for.
struct WeightTensor: Sendable {
    enum Source: Sendable {
        /// Numbers that are stored as such, if perhaps in blocks.
        case stored(CheckpointTensor)
        /// A linear of this path that is stored as codes.
        case additive(path: String)
    }

    /// Its name in Hugging Face's spelling.
    let name: String
    /// Its dimensions, slowest first.
    let shape: [Int]
    /// What it is stored as, as in `BF16`, `Q4_K` or `AQLM 2x8g8`.
    let type: String
    /// Where its numbers come from.
    let source: Source
}

extension OpenModel {
    /// Its tensors as weights, in the order of its files.
    var weightTensors: [WeightTensor] {
        checkpoint.tensors.compactMap { tensor in
            guard let path = linear(ofPart: tensor.name), let scheme,
                let shape = linearShape(path)
            else {
                return WeightTensor(
                    name: tensor.name,
                    shape: tensor.shape,
                    type: tensor.type.name,
                    source: .stored(tensor)
                )
            }
            guard tensor.name.hasSuffix(".codes") else { return nil }
            return WeightTensor(
                name: path + ".weight",
                shape: [shape.outputs, shape.inputs],
                type: "AQLM \(scheme)",
                source: .additive(path: path)
            )
        }
    }

    /// The quantized linear that a stored tensor belongs to, if it does to one.
    func linear(ofPart name: String) -> String? {
        for suffix in [".codes", ".codebooks", ".scales"] {
            if let path = name.removingSuffix(suffix), linearShape(path) != nil { return path }
        }
        return nil
    }
}

/// The numbers of a weight tensor, some rows at a time.
struct WeightRows {
    private enum Source {
        case stored(TensorRows)
        case additive(AdditiveLayer)
    }

    private let source: Source

    /// Prepares to read a tensor of a model.
    init(_ tensor: WeightTensor, of model: OpenModel) throws {
        switch tensor.source {
        case .stored(let tensor): source = .stored(try TensorRows(tensor))
        case .additive(let path):
            guard let layer = try model.additiveLayer(path) else {
                throw CheckpointError.noSuchTensor(tensor.name)
            }
            source = .additive(layer)
        }
    }

    /// How many rows there are.
    var count: Int {
        switch source {
        case .stored(let rows): rows.count
        case .additive(let layer): layer.outputs
        }
    }

    /// The ranges of rows to be read one after the other: each of some millions of elements, and whole
    /// groups where `together` rows are one.
    func ranges(together: Int = 1) -> [Range<Int>] {
        let step =
            switch source {
            case .stored(let rows): rows.rowsAtOnce(together: together)
            case .additive(let layer):
                max(1, (1 << 22) / max(1, layer.inputs) / together) * together
            }
        return stride(from: 0, to: count, by: step).map { $0..<min($0 + step, count) }
    }

    /// Some rows, one after the other.
    func floats(_ rows: Range<Int>, threads: Int = 1) throws -> [Float] {
        switch source {
        case .stored(let tensor): return try tensor.floats(rows)
        case .additive(let layer):
            let codes = layer.groups * layer.scheme.codebooks
            let part = try AdditiveLayer(
                scheme: layer.scheme,
                outputs: rows.count,
                inputs: layer.inputs,
                codes: Array(layer.codes[rows.lowerBound * codes..<rows.upperBound * codes]),
                codebooks: layer.codebooks,
                scales: Array(layer.scales[rows])
            )
            return part.dequantized(threads: threads).elements
        }
    }
}
