import OctavoBase
import OctavoCheckpoint
import OctavoNumerics

/// A layer to measure on: its weights, and the Hessian of its inputs.
struct BenchmarkLayer: Sendable {
    /// `[outputs, inputs]`.
    let weight: Matrix
    /// `[inputs, inputs]`.
    let hessian: Matrix

    /// Reads the tensors `weight` and `hessian` of a safetensors file.
    init(contentsOf path: String) throws {
        let checkpoint = try Checkpoint(path)
        weight = try Self.matrix("weight", of: checkpoint, in: path)
        hessian = try Self.matrix("hessian", of: checkpoint, in: path)
    }

    private static func matrix(
        _ name: String,
        of checkpoint: Checkpoint,
        in path: String
    ) throws -> Matrix {
        guard let tensor = checkpoint.tensors.first(where: { $0.name == name }) else {
            throw BenchmarkError.missing(
                tensor: name,
                file: path,
                found: checkpoint.tensors.map(\.name)
            )
        }
        guard tensor.shape.count == 2 else {
            throw BenchmarkError.notAMatrix(tensor: name, shape: tensor.shape)
        }
        return Matrix(
            rows: tensor.shape[0],
            columns: tensor.shape[1],
            elements: try tensor.floats()
        )
    }

    /// Makes up a layer like those of language models: normal weights in rows of different size, inputs
    /// of which neighbours are correlated and a few are far more active than the rest.
    init(outputs: Int, inputs: Int, seed: Int) {
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
        self.weight = weight
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
        hessian = product(mixing, transposed: true, mixing)
    }
}

/// Why a layer cannot be measured on.
enum BenchmarkError: Error, CustomStringConvertible {
    case missing(tensor: String, file: String, found: [String])
    case notAMatrix(tensor: String, shape: [Int])

    var description: String {
        switch self {
        case .missing(let tensor, let file, let found):
            "\(file) has no tensor \(tensor), only \(found.prefix(8).joined(separator: ", "))"
        case .notAMatrix(let tensor, let shape):
            "the tensor \(tensor) has the shape \(shape), expected two dimensions"
        }
    }
}
