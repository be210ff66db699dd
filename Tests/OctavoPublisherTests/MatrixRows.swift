import OctavoNumerics

extension Matrix {
    /// The elements of a row.
    func row(_ index: Int) -> [Float] { Array(elements[index * columns..<(index + 1) * columns]) }
}
