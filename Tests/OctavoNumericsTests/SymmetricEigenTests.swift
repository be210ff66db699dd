import OctavoBase
import OctavoNumerics
import Testing

@Suite("Eigenvalues of symmetric matrices")
struct SymmetricEigenTests {
    /// By hand: [[2, 1], [1, 2]] has 1 for (1, -1) and 3 for (1, 1).
    @Test("of two rows are those found by hand")
    func byHand() throws {
        // What is above the diagonal is not read.
        let eigen = try SymmetricEigen(Matrix(rows: 2, columns: 2, elements: [2, 9, 1, 2]))
        let root = Float(0.5).squareRoot()
        #expect(abs(eigen.values[0] - 1) < 1e-6 && abs(eigen.values[1] - 3) < 1e-6)
        let (small, large) = (
            eigen.vectors.rows(0..<1).elements, eigen.vectors.rows(1..<2).elements
        )
        #expect(abs(abs(small[0]) - root) < 1e-6 && abs(small[0] + small[1]) < 1e-6)
        #expect(abs(abs(large[0]) - root) < 1e-6 && abs(large[0] - large[1]) < 1e-6)
    }

    @Test("bring back the matrix, whatever its size", arguments: [1, 3, 17, 64])
    func bringsBack(size: Int) throws {
        var generator = SeededGenerator(seed: 8)
        var x = Matrix(rows: 2 * size, columns: size)
        for i in x.elements.indices { x.elements[i] = Float(generator.nextUnit() - 0.5) }
        let a = product(x, transposed: true, x)
        let eigen = try SymmetricEigen(a)
        var scaled = eigen.vectors
        scaled.scaleRows(by: eigen.values)
        var error = product(eigen.vectors, transposed: true, scaled)
        add(a, times: -1, to: &error)
        // Some hundred roundings of single precision.
        #expect(dot(error, error).squareRoot() < 1e-5 * dot(a, a).squareRoot())
        #expect(zip(eigen.values, eigen.values.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test("of nothing, or of what is not finite, are refused")
    func refuses() {
        for elements in [[], [Float.nan], [.infinity]] {
            let a = Matrix(rows: elements.count, columns: elements.count, elements: elements)
            #expect(throws: SymmetricEigen.NoConvergenceError.self) { try SymmetricEigen(a) }
        }
    }
}
