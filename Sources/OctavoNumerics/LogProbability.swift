internal import CKernels
import Glibc

/// Returns the index of the largest of at least one number, the first of several.
public func indexOfLargest(_ values: Span<Float>, on isa: InstructionSet = .best) -> Int {
    precondition(values.count > 0)
    let largest = unsafe values.withUnsafeBufferPointer { values in
        unsafe values.baseAddress.map { unsafe octavo_largest(isa.kernel, $0, values.count) }
    }
    var index = 0
    while index < values.count - 1, values[index] != largest { index += 1 }
    return index
}

/// Returns `log Σ exp(logits)` of at least one finite logit.
public func logSumExp(_ logits: Span<Float>, on isa: InstructionSet = .best) -> Double {
    precondition(logits.count > 0)
    return unsafe logits.withUnsafeBufferPointer { logits in
        guard let start = logits.baseAddress else { return -.infinity }
        let largest = unsafe octavo_largest(isa.kernel, start, logits.count)
        return Double(largest)
            + log(unsafe octavo_exp_sum(isa.kernel, start, logits.count, largest))
    }
}

/// Returns the Kullback–Leibler divergence of `softmax(student)` from `softmax(teacher)`, in nats.
public func divergence(
    teacher: Span<Float>,
    student: Span<Float>,
    on isa: InstructionSet = .best
) -> Double {
    precondition(teacher.count == student.count && teacher.count > 0)
    return unsafe teacher.withUnsafeBufferPointer { teacher in
        unsafe student.withUnsafeBufferPointer { student in
            guard let t = teacher.baseAddress, let s = student.baseAddress else { return 0 }
            let largest = unsafe octavo_largest(isa.kernel, t, teacher.count)
            let studentLargest = unsafe octavo_largest(isa.kernel, s, teacher.count)
            let sum = unsafe octavo_exp_sum(isa.kernel, t, teacher.count, largest)
            let studentSum = unsafe octavo_exp_sum(isa.kernel, s, teacher.count, studentLargest)
            let difference = unsafe octavo_exp_difference(isa.kernel, t, s, teacher.count, largest)
            // Σ p (t - s) - log Z_t + log Z_s
            return difference / sum - (Double(largest) + log(sum))
                + (Double(studentLargest) + log(studentSum))
        }
    }
}
