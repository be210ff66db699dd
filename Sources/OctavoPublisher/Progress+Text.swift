public import OctavoBase

extension Progress {
    /// The state as a line for people.
    ///
    /// - Parameter secondsLeft: How long the stage still takes, where that is known.
    /// - Returns: Without a line break.
    public func line(secondsLeft: Double?) -> String {
        var parts = [stage]
        if let layer {
            parts.append("block \(layer.block + 1) of \(layer.blocks)")
            parts.append(layer.name)
            parts.append(layer.relativeLoss.map { "loss " + percentText(Double($0)) } ?? "kept")
        } else if unit == .bytes {
            parts.append(
                completed > 0 ? "\(byteText(completed)) of \(byteText(total))" : byteText(total)
            )
        } else if total > 1 {
            parts.append("\(completed)/\(total)")
        }
        if !detail.isEmpty { parts.append(detail) }
        if let secondsLeft { parts.append("about \(durationText(secondsLeft.rounded(.up))) left") }
        return parts.joined(separator: "  ")
    }

    /// The state as an event for programs.
    ///
    /// - Parameter secondsLeft: How long the stage still takes, where that is known.
    /// - Returns: An object whose `event` is `layer` or `progress` (docs/quantization.md), `step` or
    ///   `evaluation` (docs/tuning.md).
    public func event(secondsLeft: Double?) -> JSON {
        /// A number with as many decimals as mean something.
        func rounded(_ value: Double, _ scale: Double) -> JSON {
            .number((value * scale).rounded() / scale)
        }
        let estimate = secondsLeft.map { rounded($0, 10) }
        if let tuning { return tuning.event(stage, work: rounded(work, 10000), estimate) }
        guard let layer else {
            return .object([
                "event": "progress", "stage": .string(stage), "completed": .integer(completed),
                "total": .integer(total), "unit": .string(unit.rawValue),
                "detail": detail.isEmpty ? nil : .string(detail), "work": rounded(work, 10000),
                "eta_seconds": estimate,
            ])
        }
        return .object([
            "event": "layer", "stage": .string(stage), "block": .integer(layer.block),
            "blocks": .integer(layer.blocks), "layer": .string(layer.name),
            "relative_loss": layer.relativeLoss.map(JSON.shortest),
            "restored": .bool(layer.relativeLoss == nil), "work": rounded(work, 10000),
            "eta_seconds": estimate,
        ])
    }
}
