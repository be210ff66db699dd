internal import COpenBLAS

/// The eigenvalues and eigenvectors of a symmetric matrix: `a = Σ_k values[k] · v_k v_kᵀ`.
public struct SymmetricEigen: Sendable {
    /// Ascending.
    public let values: [Float]
    /// The eigenvectors, of length 1 and orthogonal, one a row: `[size, size]`.
    public let vectors: Matrix

    /// The eigenvalues of a matrix could not be found: it holds what is not finite, or has more rows than
    /// LAPACK can count the room for, about 32 000.
    public struct NoConvergenceError: Error, Hashable, Sendable {}

    /// Finds them.
    ///
    /// - Parameter a: `[size, size]`. Only the diagonal and what is below are read.
    /// - Throws: ``NoConvergenceError``.
    public init(_ a: Matrix) throws(NoConvergenceError) {
        precondition(a.rows == a.columns)
        let size = a.rows
        // What LAPACK asks for when vectors are wanted.
        guard size > 0, let n = Int32(exactly: size),
            let workCount = Int32(exactly: 1 + 6 * size + 2 * size * size),
            a.elements.allSatisfy(\.isFinite)
        else { throw NoConvergenceError() }
        let integerCount = 3 + 5 * n
        var vectors = a.elements
        var values = [Float](repeating: 0, count: size)
        var work = [Float](repeating: 0, count: Int(workCount))
        var integers = [Int32](repeating: 0, count: Int(integerCount))
        var info: Int32 = 0
        // LAPACK reads columns where we have rows: our lower triangle is its upper one, and the
        // vectors that it leaves in columns are in rows here.
        unsafe ssyevd_(
            "V",
            "U",
            [n],
            &vectors,
            [n],
            &values,
            &work,
            [workCount],
            &integers,
            [integerCount],
            &info,
            1,
            1
        )
        guard info == 0 else { throw NoConvergenceError() }
        self.values = values
        self.vectors = Matrix(rows: size, columns: size, elements: vectors)
    }
}
