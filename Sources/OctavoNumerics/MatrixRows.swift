import OctavoBase

extension Matrix {
    /// Makes a matrix of rows that `body` writes, each from its first element to its last, on several threads.
    ///
    /// Without zeros first: clearing large matrices takes longer than it looks.
    init(
        rows: Int,
        columns: Int,
        threads: Int,
        _ body: (Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        let count = rows * columns
        let elements = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            unsafe visitRows(of: buffer, rows, columns, threads: threads, body)
            filled = count
        }
        self.init(rows: rows, columns: columns, elements: elements)
    }

    /// Runs `body` with the index and the start of each row, on several threads.
    mutating func forEachRow(
        threads: Int,
        _ body: (Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        let (rows, columns) = (rows, columns)
        unsafe elements.withUnsafeMutableBufferPointer { buffer in
            unsafe visitRows(of: buffer, rows, columns, threads: threads, body)
        }
    }

    /// The same with each row multiplied by its factor.
    public func scalingRows(by factors: [Float], threads: Int) -> Matrix {
        precondition(factors.count == rows)
        let (rows, columns) = (rows, columns)
        return unsafe elements.withUnsafeBufferPointer { elements in
            unsafe Matrix(rows: rows, columns: columns, threads: threads) { row, out in
                let (start, factor) = (row * columns, factors[row])
                for i in 0..<columns { unsafe out[i] = factor * elements[start + i] }
            }
        }
    }
}

/// How many rows a thread takes at a time: one alone is too little work.
func rowsForAThread(columns: Int) -> Int { max(1, 16384 / max(1, columns)) }

/// Runs `body` with the index and the start of each row, on several threads.
private func visitRows(
    of buffer: UnsafeMutableBufferPointer<Float>,
    _ rows: Int,
    _ columns: Int,
    threads: Int,
    _ body: (Int, UnsafeMutablePointer<Float>) -> Void
) {
    guard let base = buffer.baseAddress else { return }
    let chunk = rowsForAThread(columns: columns)
    // Each index touches rows of its own, and `body` does not outlive the call.
    nonisolated(unsafe) let (start, work) = unsafe (base, body)
    parallel((rows + chunk - 1) / chunk, threads: threads) { index in
        for row in index * chunk..<min(rows, (index + 1) * chunk) {
            unsafe work(row, start + row * columns)
        }
    }
}
