public import OctavoNumerics

/// The embedding or the head of a model: as floats, to be worked on, or in 16 bits, where they are stored.
public enum DenseWeights: Sendable {
    /// `[vocabulary, hidden]`.
    case floats(Matrix)
    /// The same in 16 bits.
    case halves(HalfMatrix)

    /// The number of rows.
    public var rows: Int {
        switch self {
        case .floats(let matrix): matrix.rows
        case .halves(let matrix): matrix.rows
        }
    }

    /// The number of columns.
    public var columns: Int {
        switch self {
        case .floats(let matrix): matrix.columns
        case .halves(let matrix): matrix.columns
        }
    }

    /// All of them as floats.
    public var matrix: Matrix {
        switch self {
        case .floats(let matrix): matrix
        case .halves(let matrix): matrix.widened()
        }
    }

    /// A matrix of this shape with other elements.
    public func shaped(_ elements: [Float]) -> Matrix {
        Matrix(rows: rows, columns: columns, elements: elements)
    }

    /// Some rows, each below ``rows``.
    func gathered(rows indices: [Int]) -> Matrix {
        switch self {
        case .floats(let matrix): matrix.gathered(rows: indices)
        case .halves(let matrix): matrix.gathered(rows: indices)
        }
    }

    /// Returns `x · selfᵀ`.
    func product(with x: Matrix, _ execution: Execution) -> Matrix {
        switch self {
        case .floats(let matrix) where x.rows == 1 && matrix.rows > 0: vectorProduct(matrix, x)
        case .floats(let matrix):
            execution.product(x, transposed: false, matrix, transposed: true)
        case .halves(let matrix): matrix.product(with: x, threads: execution.threads)
        }
    }
}
