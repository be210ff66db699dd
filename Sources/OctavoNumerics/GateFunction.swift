internal import CKernels

/// What a gated feed-forward part makes of its gate: `g · σ(a·g + b·g³)` with the logistic function σ.
public enum GateFunction: Sendable, Hashable {
    /// `g · σ(g)` (Elfwing et al., SiLU; Shazeer, SwiGLU).
    case silu
    /// `g · Φ(g)`, with the tanh approximation of the normal distribution Φ (Hendrycks and Gimpel,
    /// GELU). Since `(1 + tanh u) / 2 = σ(2u)`, it is of the same form.
    case tanhGELU

    /// The coefficients `a` and `b`.
    fileprivate var coefficients: (linear: Float, cubic: Float) {
        switch self {
        case .silu: (1, 0)
        // 2 √(2/π) and 0.044715 times that.
        case .tanhGELU: (1.5957691216, 0.0713548163)
        }
    }

    /// Replaces each gate by what this makes of it, times `up`.
    ///
    /// - Parameters:
    ///   - gate: `[rows, columns]`.
    ///   - up: As the gate.
    ///   - threads: The threads that share the rows.
    ///   - isa: The kernels to use.
    public func multiply(
        gate: inout Matrix,
        by up: Matrix,
        threads: Int,
        on isa: InstructionSet = .best
    ) {
        precondition(gate.rows == up.rows && gate.columns == up.columns)
        let (linear, cubic) = coefficients
        let columns = up.columns
        unsafe up.elements.withUnsafeBufferPointer { up in
            unsafe gate.forEachRow(threads: threads) { row, gate in
                guard let up = up.baseAddress else { return }
                unsafe octavo_gate_product(
                    isa.kernel,
                    gate,
                    up + row * columns,
                    columns,
                    linear,
                    cubic
                )
            }
        }
    }

    /// The adjoint of ``multiply(gate:by:threads:on:)``.
    ///
    /// - Parameters:
    ///   - gate: As it was before the product; replaced by its gradient.
    ///   - up: Replaced by its gradient.
    ///   - gradient: That of the product.
    ///   - threads: The threads that share the rows.
    ///   - isa: The kernels to use.
    public func backward(
        gate: inout Matrix,
        up: inout Matrix,
        gradient: Matrix,
        threads: Int,
        on isa: InstructionSet = .best
    ) {
        precondition(gate.rows == up.rows && gate.columns == up.columns)
        precondition(gate.rows == gradient.rows && gate.columns == gradient.columns)
        let (linear, cubic) = coefficients
        let columns = gate.columns
        unsafe gradient.elements.withUnsafeBufferPointer { gradient in
            unsafe up.elements.withUnsafeMutableBufferPointer { up in
                unsafe gate.forEachRow(threads: threads) { row, gate in
                    guard let gradient = gradient.baseAddress, let up = up.baseAddress
                    else { return }
                    unsafe octavo_gate_product_backward(
                        isa.kernel,
                        gate,
                        up + row * columns,
                        gradient + row * columns,
                        columns,
                        linear,
                        cubic
                    )
                }
            }
        }
    }
}
