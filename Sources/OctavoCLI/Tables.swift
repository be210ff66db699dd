import OctavoBase
import OctavoPublisher

/// The losses of a model's layers by kind.
func lossTable(_ layers: [LayerRecord]) -> String {
    var table = TextTable(["layers", "count", "mean loss %", "worst %"])
    for kind in KindLoss.summarize(layers) {
        table.add(
            kind.kind,
            "\(kind.count)",
            decimal(100 * kind.mean, digits: 2),
            decimal(100 * kind.worst, digits: 2)
        )
    }
    return table.text
}

/// Where a model's bytes go.
func sizeTable(_ sizes: SizeBreakdown) -> String {
    var table = TextTable(["part", "bytes", "share %"])
    for part in sizes.parts {
        guard let bytes = sizes.bytes[part] else { continue }
        table.add(
            part.rawValue,
            "\(bytes)",
            decimal(100 * Double(bytes) / Double(max(1, sizes.totalBytes)), digits: 1)
        )
    }
    table.add("all", "\(sizes.totalBytes)", "100.0")
    return table.text
}

extension SizeBreakdown {
    /// The sizes as the command line prints them.
    var json: JSON {
        var parts = JSONObject()
        for part in Part.allCases { parts[part.rawValue] = bytes[part].map(JSON.integer) }
        return .object([
            "bytes": .object(parts), "total_bytes": .integer(totalBytes),
            "quantized_weights": .integer(quantizedWeights),
            "other_weights": .integer(otherWeights),
            "bits_per_quantized_weight": quantizedBits.map(JSON.number),
            "bits_per_weight": .number(totalBits),
        ])
    }
}

/// A measurement as lines.
func evaluationText(_ report: EvaluationReport) -> String {
    var lines = [
        "text               \(report.text), \(report.windows) windows of \(report.windowLength) tokens",
        "perplexity         \(decimal(report.perplexity, digits: 4))",
    ]
    if let comparison = report.comparison {
        lines += [
            "original's         \(decimal(comparison.teacherPerplexity, digits: 4))"
                + " (ratio \(decimal(report.perplexity / comparison.teacherPerplexity, digits: 3)))",
            "KL to the original \(decimal(comparison.divergence, digits: 4)) nats per token",
            "same likeliest     \(decimal(100 * comparison.agreement, digits: 1)) % of tokens",
        ]
    }
    return lines.joined(separator: "\n")
}
