import OctavoNumerics

extension LayerState {
    /// Does something to shares of the rows, on threads of their own.
    ///
    /// Rows have the codebooks in common, which must stay as they are, and nothing else. Products of fewer rows may
    /// differ in their last bits, so the number of threads decides them.
    ///
    /// - Parameters:
    ///   - threads: How many shares there are, at most.
    ///   - body: Changes codes and residual of a share, a state of its own.
    mutating func inShares(_ threads: Int, _ body: @Sendable (inout LayerState) -> Void) {
        let count = (residual.rows + max(1, threads) - 1) / max(1, threads)
        guard count < residual.rows else { return body(&self) }
        let starts = Array(stride(from: 0, to: residual.rows, by: count))
        let whole = self
        let parts = parallelMapOnOneBLASThread(starts.count, threads: threads) { index in
            var part = whole.share(starts[index]..<min(starts[index] + count, whole.residual.rows))
            body(&part)
            return part
        }
        for group in choice.codes.indices {
            choice.codes[group] = parts.flatMap { $0.choice.codes[group] }
        }
        residual.elements = parts.flatMap(\.residual.elements)
    }

    /// Some of the rows, by themselves.
    private func share(_ rows: Range<Int>) -> LayerState {
        let width = choice.codebooks.count
        let codes = rows.lowerBound * width..<rows.upperBound * width
        let part = residual.rows(rows)
        return LayerState(
            LayerChoice(
                codes: choice.codes.map { Array($0[codes]) },
                codebooks: choice.codebooks,
                scales: Array(choice.scales[rows])
            ),
            residual: part
        )
    }
}
