internal import CKernels

/// Replaces a student's logits by `factor` times the gradient of KL(teacher ‖ student), row by row:
/// `softmax(student) − softmax(teacher)`.
///
/// - Parameters:
///   - student: `[rows, vocabulary]`.
///   - teacher: Logits of the same shape.
///   - factor: What gradients are multiplied by.
///   - threads: The threads that share the rows.
///   - isa: The kernels to use.
/// - Returns: The divergence of each row, in nats.
public func replaceByDivergenceGradient(
    _ student: inout Matrix,
    teacher: Matrix,
    times factor: Float,
    threads: Int,
    on isa: InstructionSet = .best
) -> [Double] {
    precondition(teacher.rows == student.rows && teacher.columns == student.columns)
    let columns = student.columns
    return student.replaceRows(threads: threads) { row, logits in
        let target = teacher.elements.span.extracting(row * columns..<(row + 1) * columns)
        let loss = divergence(teacher: target, student: logits.span, on: isa)
        logits.replaceBySoftmax(times: factor, on: isa)
        logits.addSoftmax(of: target, times: -factor, on: isa)
        return loss
    }
}

/// Replaces logits by `factor` times the gradient of the negative log likelihood of targets, row by
/// row; by zero where there is no target.
///
/// - Parameters:
///   - logits: `[rows, vocabulary]`.
///   - targets: For each row an index below the vocabulary, or nil.
///   - factor: What gradients are multiplied by.
///   - threads: The threads that share the rows.
///   - isa: The kernels to use.
/// - Returns: The negative log likelihood of each row's target, in nats; zero where there is none.
public func replaceByLikelihoodGradient(
    _ logits: inout Matrix,
    targets: [Int?],
    times factor: Float,
    threads: Int,
    on isa: InstructionSet = .best
) -> [Double] {
    precondition(targets.count == logits.rows)
    return logits.replaceRows(threads: threads) { row, logits in
        guard let target = targets[row] else {
            for i in 0..<logits.count { logits[i] = 0 }
            return 0
        }
        let chosen = logits[target]
        let logSum = logits.replaceBySoftmax(times: factor, on: isa)
        logits[target] -= factor
        return logSum - Double(chosen)
    }
}

extension Matrix {
    /// Changes each row by itself, on several threads, and returns what `body` does for each.
    mutating func replaceRows(
        threads: Int,
        _ body: (Int, inout MutableSpan<Float>) -> Double
    ) -> [Double] {
        let columns = columns
        var results = [Double](repeating: 0, count: rows)
        unsafe results.withUnsafeMutableBufferPointer { results in
            unsafe forEachRow(threads: threads) { row, start in
                var span = unsafe MutableSpan(_unsafeStart: start, count: columns)
                unsafe results[row] = body(row, &span)
            }
        }
        return results
    }
}

extension MutableSpan<Float> {
    /// Replaces logits by `factor` times their softmax, and returns the logarithm of the sum of
    /// their exponentials.
    @discardableResult
    mutating func replaceBySoftmax(
        times factor: Float,
        on isa: InstructionSet
    ) -> Double {
        let logSum = logSumExp(span, on: isa)
        let count = count
        unsafe withUnsafeMutableBufferPointer { logits in
            guard let start = logits.baseAddress else { return }
            unsafe octavo_add_exponentials(
                isa.kernel,
                start,
                start,
                count,
                Float(logSum),
                factor,
                0
            )
        }
        return logSum
    }

    /// Adds `factor` times the softmax of logits.
    fileprivate mutating func addSoftmax(
        of logits: Span<Float>,
        times factor: Float,
        on isa: InstructionSet
    ) {
        let shift = Float(logSumExp(logits, on: isa))
        unsafe logits.withUnsafeBufferPointer { logits in
            unsafe withUnsafeMutableBufferPointer { out in
                guard let logits = logits.baseAddress, let start = out.baseAddress else { return }
                unsafe octavo_add_exponentials(
                    isa.kernel,
                    logits,
                    start,
                    out.count,
                    shift,
                    factor,
                    1
                )
            }
        }
    }
}
