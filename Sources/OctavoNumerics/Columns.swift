extension Matrix {
    /// Some columns of all rows, as a matrix of their own.
    public func selecting(columns range: Range<Int>) -> Matrix {
        precondition(0 <= range.lowerBound && range.upperBound <= columns)
        var part = Matrix(rows: rows, columns: range.count)
        var out = part.elements.mutableSpan
        let source = elements.span
        for row in 0..<rows {
            let (from, to) = (row * columns + range.lowerBound, row * range.count)
            for i in 0..<range.count { out[to + i] = source[from + i] }
        }
        return part
    }

    /// Matrices of as many rows, side by side.
    public init(sideBySide parts: [Matrix]) {
        var joined = Matrix(
            rows: parts.first?.rows ?? 0,
            columns: parts.reduce(0) { $0 + $1.columns }
        )
        var column = 0
        for part in parts {
            precondition(part.rows == joined.rows)
            part.copy(to: &joined, row: 0, column: column)
            column += part.columns
        }
        self = joined
    }
}
