internal import COpenBLAS

/// Adds `factor` times a block of `a` to a block of `b` of the same shape.
public func add(
    _ a: Matrix,
    _ blockA: Block,
    times factor: Float,
    to b: inout Matrix,
    _ blockB: Block
) {
    precondition(a.all.contains(blockA) && b.all.contains(blockB))
    precondition(
        blockA.rows.count == blockB.rows.count && blockA.columns.count == blockB.columns.count
    )
    let (strideA, strideB) = (a.columns, b.columns)
    let width = Int32(blockA.columns.count)
    unsafe a.elements.withUnsafeBufferPointer { x in
        unsafe b.elements.withUnsafeMutableBufferPointer { y in
            guard let x = x.baseAddress, let y = y.baseAddress else { return }
            for (rowA, rowB) in zip(blockA.rows, blockB.rows) {
                unsafe cblas_saxpy(
                    width,
                    factor,
                    x + rowA * strideA + blockA.columns.lowerBound,
                    1,
                    y + rowB * strideB + blockB.columns.lowerBound,
                    1
                )
            }
        }
    }
}

extension Matrix {
    /// Multiplies each row by its factor.
    public mutating func scaleRows(by factors: [Float]) {
        precondition(factors.count == rows)
        let columns = columns
        unsafe elements.withUnsafeMutableBufferPointer { elements in
            guard let start = elements.baseAddress else { return }
            for (row, factor) in factors.enumerated() {
                unsafe cblas_sscal(Int32(columns), factor, start + row * columns, 1)
            }
        }
    }
}
