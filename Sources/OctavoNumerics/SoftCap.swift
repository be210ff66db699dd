internal import CKernels

extension Matrix {
    /// Replaces each element `x` by `cap · tanh(x / cap)`, which keeps it within `±cap`.
    ///
    /// The error is that of a few roundings of numbers as large as the cap.
    public mutating func softCap(_ cap: Float, on isa: InstructionSet = .best) {
        let count = elements.count
        unsafe elements.withUnsafeMutableBufferPointer { x in
            guard let x = x.baseAddress else { return }
            unsafe octavo_cap(isa.kernel, x, count, cap)
        }
    }

    /// The adjoint of ``softCap(_:on:)``, for a gradient.
    ///
    /// - Parameters:
    ///   - cap: As before.
    ///   - capped: The result of the cap, in the shape of the gradient.
    ///   - isa: The kernels to use.
    public mutating func softCapBackward(
        _ cap: Float,
        capped: Matrix,
        on isa: InstructionSet = .best
    ) {
        precondition(capped.rows == rows && capped.columns == columns)
        unsafe octavo_cap_backward(
            isa.kernel,
            capped.elements,
            &elements,
            capped.elements.count,
            cap
        )
    }
}
