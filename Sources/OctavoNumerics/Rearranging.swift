extension Matrix {
    /// Returns these rows, in this order.
    public func gathered(rows: [Int]) -> Matrix {
        var result = Matrix(rows: rows.count, columns: columns)
        for (place, row) in rows.enumerated() {
            let span = elements[row * columns..<(row + 1) * columns]
            result.elements.replaceSubrange(place * columns..<(place + 1) * columns, with: span)
        }
        return result
    }

    /// Adds the rows of a matrix to these rows, in this order: the adjoint of gathering them.
    public mutating func add(_ other: Matrix, toRows chosen: [Int]) {
        precondition(other.rows == chosen.count && other.columns == columns)
        precondition(chosen.allSatisfy { 0..<rows ~= $0 })
        let width = columns
        var out = elements.mutableSpan
        let source = other.elements.span
        for (place, row) in chosen.enumerated() {
            for column in 0..<width { out[row * width + column] += source[place * width + column] }
        }
    }

    /// Returns these columns, in this order.
    public func gathered(columns chosen: [Int]) -> Matrix {
        precondition(chosen.allSatisfy { 0..<columns ~= $0 })
        let (width, stride) = (chosen.count, columns)
        var result = Matrix(rows: rows, columns: width)
        var out = result.elements.mutableSpan
        let source = elements.span
        for row in 0..<rows {
            for place in 0..<width {
                out[row * width + place] = source[row * stride + chosen[place]]
            }
        }
        return result
    }

    /// Returns these rows, each several times in succession.
    public func repeated(_ chosen: Range<Int>, times: Int) -> Matrix {
        precondition(0 <= chosen.lowerBound && chosen.upperBound <= rows && times >= 0)
        var repeated: [Float] = []
        repeated.reserveCapacity(chosen.count * times * columns)
        for row in chosen {
            for _ in 0..<times { repeated += elements[row * columns..<(row + 1) * columns] }
        }
        return Matrix(rows: chosen.count * times, columns: columns, elements: repeated)
    }

    /// Returns the elements of these rows column by column.
    func transposed(_ chosen: Range<Int>) -> [Float] {
        var result = [Float](repeating: 0, count: chosen.count * columns)
        for (place, row) in chosen.enumerated() {
            for column in 0..<columns {
                result[column * chosen.count + place] = elements[row * columns + column]
            }
        }
        return result
    }
}
