import OctavoNumerics

extension AdditiveLayer {
    /// Returns `x · weightsᵀ`, `[rows, outputs]`.
    func product(with x: Matrix, _ execution: Execution) -> Matrix {
        let looksUp =
            switch execution.evaluation {
            case .lookup: true
            case .dequantized: false
            case .automatic: lookupPays(rows: x.rows)
            }
        guard looksUp else {
            return OctavoNumerics.product(x, transposed: false, dequantized(), transposed: true)
        }
        return lookupProduct(
            x,
            codes: codes,
            codebooks: codebooks,
            scales: scales,
            entries: scheme.entries,
            groupSize: scheme.groupSize,
            threads: execution.threads
        )
    }

    /// Whether tables are quicker than forming the weights, counted in loads.
    ///
    /// A row's tables need one per codebook number, sixteen at a time; each lookup stands alone.
    /// Forming a weight costs about four for each codebook, measured.
    private func lookupPays(rows: Int) -> Bool {
        let tables = groups * scheme.codebooks * scheme.entries * scheme.groupSize / 16
        let lookups = outputs * groups * scheme.codebooks
        let weights = 4 * outputs * inputs * scheme.codebooks
        return rows * (tables + lookups) < weights
    }
}
