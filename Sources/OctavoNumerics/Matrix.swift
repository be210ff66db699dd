/// A dense matrix of Float, row by row: element `(r, c)` is at `r · columns + c`.
public struct Matrix: Sendable, Equatable {
    /// The number of rows.
    public let rows: Int
    /// The number of columns.
    public let columns: Int
    /// All elements, `rows · columns` of them.
    public var elements: [Float]

    /// A matrix of zeros.
    public init(rows: Int, columns: Int) {
        self.init(
            rows: rows,
            columns: columns,
            elements: [Float](repeating: 0, count: rows * columns)
        )
    }

    /// Takes the elements, which must be `rows · columns` in number.
    public init(rows: Int, columns: Int, elements: [Float]) {
        precondition(rows >= 0 && columns >= 0 && elements.count == rows * columns)
        self.rows = rows
        self.columns = columns
        self.elements = elements
    }

    /// The element at a row and a column.
    public subscript(row: Int, column: Int) -> Float {
        get { elements[row * columns + column] }
        set { elements[row * columns + column] = newValue }
    }

    /// Some of its rows, `[range.count, columns]`.
    public func rows(_ range: Range<Int>) -> Matrix {
        Matrix(
            rows: range.count,
            columns: columns,
            elements: Array(elements[range.lowerBound * columns..<range.upperBound * columns])
        )
    }
}
