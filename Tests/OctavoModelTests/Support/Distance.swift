import OctavoNumerics

/// The largest difference between two rows, over the standard deviation of the expected one.
func relativeDistance(_ found: some Collection<Float>, _ expected: [Double]) -> Double {
    guard found.count == expected.count, !expected.isEmpty else { return .infinity }
    let mean = expected.reduce(0, +) / Double(expected.count)
    let variance = expected.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(expected.count)
    return zip(found, expected).map { abs(Double($0) - $1) }.reduce(0, max) / variance.squareRoot()
}

/// The same of two matrices.
func relativeDistance(_ found: Matrix, _ expected: Matrix) -> Double {
    guard found.rows == expected.rows else { return .infinity }
    return relativeDistance(found.elements, expected.elements.map(Double.init))
}

extension Matrix {
    /// The elements of a row.
    func row(_ index: Int) -> ArraySlice<Float> {
        elements[index * columns..<(index + 1) * columns]
    }
}
