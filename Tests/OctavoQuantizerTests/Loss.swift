import OctavoBase
import OctavoModel
import OctavoNumerics

/// The relative loss of a layer, from its weights as anyone would read them.
func relativeLoss(_ layer: AdditiveLayer, _ weight: Matrix, _ hessian: Matrix) -> Double {
    var error = layer.dequantized()
    add(weight, times: -1, to: &error)
    return dot(product(error, hessian), error) / dot(product(weight, hessian), weight)
}

/// A matrix of random numbers, about normal with the given deviation.
func randomMatrix(
    _ rows: Int,
    _ columns: Int,
    deviation: Float = 1,
    _ generator: inout SeededGenerator
) -> Matrix {
    var matrix = Matrix(rows: rows, columns: columns)
    for i in matrix.elements.indices {
        let sum = (0..<12).reduce(-6.0) { total, _ in total + generator.nextUnit() }
        matrix.elements[i] = deviation * Float(sum)
    }
    return matrix
}

/// The Hessian of random inputs with correlated components.
func randomHessian(_ inputs: Int, _ generator: inout SeededGenerator) -> Matrix {
    let mixing = randomMatrix(inputs, inputs, deviation: 0.3, &generator)
    var x = randomMatrix(4 * inputs, inputs, &generator)
    x = {
        var mixed = product(x, mixing); add(x, times: 1, to: &mixed); return mixed
    }()
    return product(x, transposed: true, x)
}
