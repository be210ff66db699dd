import OctavoBase
import OctavoPublisher
import Testing

/// Reports of runs that never were: shaped like real ones, and worse.
enum ReportFixture: String, CaseIterable, CustomTestStringConvertible {
    /// A small model whose blocks were tuned.
    case usual
    /// One block, nothing tuned.
    case single
    /// As many blocks as models have.
    case deep
    /// Experts, losses that are zero or no number, and much that is not known.
    case mixture
    /// Names that try to be markup, and are long.
    case hostile

    var testDescription: String { rawValue }

    /// What would be run if it were let.
    static let attack =
        "<script>alert('x')</script>\"&amp;<img src=http://example.com/a.png>\u{202E}"

    var report: QuantizationReport {
        switch self {
        case .usual: llama(blocks: 30, tuned: true)
        case .single: llama(blocks: 1, tuned: false)
        case .deep: llama(blocks: 126, tuned: true)
        case .mixture: mixture()
        case .hostile: hostile()
        }
    }

    private func llama(blocks: Int, tuned: Bool) -> QuantizationReport {
        var report = QuantizationReport(
            title: "SmolLM2-135M-Instruct-AQLM-2x8g8",
            scheme: "2x8g8",
            sizes: sizes(blocks: blocks)
        )
        report.effort = "standard"
        report.sources = ["model.safetensors"]
        report.originalBytes = 56_623_104 + blocks * 7_080_192
        report.calibration = "calibration.txt"
        report.tokens = 131072
        report.command = [
            "octavo", "quantize", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-AQLM-2x8g8",
            "--scheme", "2x8g8", "--calibration", "web and wiki.txt", "--tokens", "131072",
        ]
        report.settings = [
            .init("Scheme", "2x8g8"), .init("Effort", "standard"),
            .init("Sequences", "256 of 512 tokens"),
            .init("Seed", "0"), .init("Threads", "2"), .init("Targets", "full-precision stream"),
            .init("Block tuning", tuned ? "4 passes" : "none"), .init("Memory", "1.4 GB of 4 GB"),
        ]
        report.stages = [
            .init(name: "Reading", seconds: 0.42, cpuSeconds: 0.39),
            .init(name: "Calibration text", seconds: 1.3, cpuSeconds: 1.2),
            .init(name: "Forward passes", seconds: 41, cpuSeconds: 78),
            .init(name: "Hessians", seconds: 33, cpuSeconds: 61),
            .init(name: "Quantizing", seconds: 248, cpuSeconds: 489),
            .init(name: "Tuning", seconds: tuned ? 126 : 0, cpuSeconds: tuned ? 240 : 0),
            .init(name: "Writing", seconds: 0.8, cpuSeconds: 0.5),
        ]
        let kinds = [
            ("q_proj", 0.008), ("k_proj", 0.0054), ("v_proj", 0.0375), ("o_proj", 0.025),
            ("gate_proj", 0.025), ("up_proj", 0.043), ("down_proj", 0.035),
        ]
        for block in 0..<blocks {
            for (index, (kind, loss)) in kinds.enumerated() {
                let wave = 1 + 0.5 * Double((block * 7 + index * 5) % 11) / 11
                let slope = block == 0 ? 0.2 : 0.7 + 0.6 * Double(block) / Double(blocks)
                report.layers.append(
                    .init(
                        block: block,
                        kind: kind,
                        relativeLoss: loss * wave * slope,
                        bits: kind == "k_proj" || kind == "v_proj" ? 2.41 : 2.12
                    )
                )
            }
            let error = 0.004 + 0.19 * Double(block + 1) / Double(blocks)
            report.blocks.append(
                .init(
                    index: block,
                    relativeError: error * (block % 9 == 4 ? 1.5 : 1),
                    tunedError: tuned ? error * 0.6 : nil
                )
            )
        }
        return report
    }

    private func mixture() -> QuantizationReport {
        var report = QuantizationReport(title: "mixture", scheme: "1x8g8", sizes: sizes(blocks: 4))
        report.resumedBlocks = 2
        report.dense = [
            "model.layers.0.block_sparse_moe.gate", "model.layers.1.block_sparse_moe.gate",
        ]
        report.warnings = [
            "3 Hessians had fewer tokens than inputs and were shrunk towards their diagonal.",
            "The input of model.layers.2.mlp.experts.7 was never used by the calibration text.",
        ]
        report.stages = [
            .init(name: "Reading", seconds: nil), .init(name: "Quantizing", seconds: .infinity),
            .init(name: "Writing", seconds: 2, cpuSeconds: .nan),
        ]
        for block in 0..<4 {
            for expert in 0..<8 {
                let losses: [Double] = [0.02, 0, .nan, 1e-9, .infinity, 0.3, 4, 0.05]
                report.layers.append(
                    .init(block: block, kind: "w1", relativeLoss: losses[expert], bits: 1.1)
                )
                report.layers.append(
                    .init(block: block, kind: "w2", relativeLoss: 0.01 * Double(expert), bits: .nan)
                )
            }
            report.blocks.append(
                .init(index: block, relativeError: block == 0 ? nil : block == 1 ? .nan : 0.1)
            )
        }
        return report
    }

    private func hostile() -> QuantizationReport {
        var report = llama(blocks: 2, tuned: true)
        let attack = Self.attack + String(repeating: "W", count: 120)
        report.title = attack
        report.scheme = attack
        report.effort = attack
        report.sources = [attack]
        report.calibration = attack
        report.warnings = [attack]
        report.settings = [.init(attack, attack)]
        report.command = ["octavo", attack, "--it's"]
        report.dense = [attack]
        report.layers[0].kind = attack
        report.stages[0].name = attack
        report.toolVersion = attack
        return report
    }

    private func sizes(blocks: Int) -> SizeBreakdown {
        let codes = (0..<blocks).map { ("\($0).codes", [576, 768, 2], 884_736) }
        let books = (0..<blocks).map { ("\($0).codebooks", [14, 256, 1, 8], 57_344) }
        let scales = (0..<blocks).map { ("\($0).scales", [5184, 1, 1, 1], 10_368) }
        return SizeBreakdown(
            tensors: codes + books + scales + [("embed", [49152, 576], 56_623_104)],
            groupSize: 8
        )
    }
}
