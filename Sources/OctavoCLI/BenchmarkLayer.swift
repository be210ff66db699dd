import OctavoCheckpoint
import OctavoNumerics
import OctavoPublisher

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

    /// Makes up a layer; see ``madeUpLayer(outputs:inputs:seed:)``.
    init(outputs: Int, inputs: Int, seed: Int) {
        (weight, hessian) = madeUpLayer(outputs: outputs, inputs: inputs, seed: seed)
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
