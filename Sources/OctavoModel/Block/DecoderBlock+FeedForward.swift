import OctavoNumerics

/// The inside of the feed-forward part, between its two sites.
extension DecoderBlock {
    /// The gated activations, with both factors recorded on the way.
    func gated(
        _ y: Matrix,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) -> Matrix {
        var (gate, up) = gateAndUp(y, execution)
        record(.gate, gate)
        record(.up, up)
        configuration.gate.multiply(gate: &gate, by: up, threads: execution.threads)
        return gate
    }

    private func gateAndUp(_ y: Matrix, _ execution: Execution) -> (Matrix, Matrix) {
        guard linearNames.contains(.gateUpProjection) else {
            let parts = outputs([.gateProjection, .upProjection], of: y, execution)
            return (parts[0], parts[1])
        }
        let both = self[linear: .gateUpProjection](y, execution)
        let width = configuration.intermediateSize
        return (
            both.selecting(columns: 0..<width), both.selecting(columns: width..<2 * width)
        )
    }

    /// The gradients of the outputs of the linears before the gate, given that of the gated
    /// activations.
    func gatedBackward(
        _ gradient: Matrix,
        _ trace: BlockTrace,
        _ execution: Execution
    ) -> [(LinearName, Matrix)] {
        var (gate, up) = (trace[.gate], trace[.up])
        configuration.gate.backward(
            gate: &gate,
            up: &up,
            gradient: gradient,
            threads: execution.threads
        )
        return linearNames.contains(.gateUpProjection)
            ? [(.gateUpProjection, Matrix(sideBySide: [gate, up]))]
            : [(.gateProjection, gate), (.upProjection, up)]
    }
}
