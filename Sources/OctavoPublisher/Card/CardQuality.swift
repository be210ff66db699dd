import OctavoBase

extension ModelCard {
    /// What was measured, and of what nothing was.
    var qualityFacts: [String: TemplateValue] {
        let tasks = measurements?.tasks ?? []
        let samples = measurements?.samples ?? []
        let hasVariants = variants.count >= 2
        return [
            "isEvaluated": .flag(!allEvaluations.isEmpty),
            "evaluations": .list(allEvaluations.map(row)),
            "regressions": .list(regressions.map { ["text": .text($0)] }),
            "hasTasks": .flag(!tasks.isEmpty), "tasks": .list(tasks.flatMap(rows)),
            "speeds": .optional(measurements?.speed.map(facts(on:))),
            "machines": .optional(
                measurements.map {
                    ["text": .text(line("\($0.machine.text), by octavo \($0.toolVersion)"))]
                }
            ),
            "hasSamples": .flag(!samples.isEmpty), "samples": .list(samples.map(facts(on:))),
            "kinds": .list(
                KindLoss.summarize(record.layers).map { kind in
                    [
                        "name": .text(cell(kind.kind)), "count": .text("\(kind.count)"),
                        "mean": .text(decimal(100 * kind.mean, digits: 2)),
                        "worst": .text(decimal(100 * kind.worst, digits: 2)),
                    ]
                }
            ),
            "hasVariants": .flag(hasVariants),
            "variants": .list(hasVariants ? variants.map(facts(on:)) : []),
            "plots": .optional(plot == nil ? nil : ["path": .text(Self.plotPath)]),
        ]
    }

    /// What became worse, first of all that is said.
    private var regressions: [String] {
        var texts = allEvaluations.compactMap { report -> String? in
            guard let original = report.comparison?.teacherPerplexity, original > 0 else {
                return nil
            }
            let (before, after) = (
                decimal(original, digits: 3), decimal(report.perplexity, digits: 3)
            )
            let ratio = decimal(report.perplexity / original, digits: 3)
            return report.perplexity > original
                ? "Worse than the original: perplexity \(after) on \(line(report.text)), where the original has "
                    + "\(before) (\(ratio) times)."
                : "Perplexity on \(line(report.text)): \(after), where the original has \(before) (\(ratio) times)."
        }
        texts += (measurements?.tasks ?? []).compactMap { task -> String? in
            guard let original = task.original,
                task.score.normalized.value < original.normalized.value
            else { return nil }
            return "Worse than the original: acc_norm \(accuracyText(task.score.normalized)) on "
                + "\(line(task.name)), where the original has \(accuracyText(original.normalized))."
        }
        return texts
    }

    private func row(_ report: EvaluationReport) -> [String: TemplateValue] {
        let comparison = report.comparison
        return [
            "text": .text(cell(report.text)),
            "tokens": .text("\(report.windows) × \(report.windowLength)"),
            "original": .text(
                comparison.map { decimal($0.teacherPerplexity, digits: 3) } ?? notMeasured
            ),
            "quantized": .text(decimal(report.perplexity, digits: 3)),
            "ratio": .text(
                comparison.map { decimal(report.perplexity / $0.teacherPerplexity, digits: 3) }
                    ?? notMeasured
            ),
            "kl": .text(comparison.map { decimal($0.divergence, digits: 4) } ?? notMeasured),
            "agreement": .text(
                comparison.map { decimal(100 * $0.agreement, digits: 1) + " %" } ?? notMeasured
            ),
            "digest": .text(report.digest.hex),
        ]
    }

    private func rows(_ task: TaskReport) -> [[String: TemplateValue]] {
        let measures: [(String, KeyPath<TaskScore, Accuracy>)] = [
            ("acc", \.plain), ("acc_norm", \.normalized),
        ]
        return measures.map { name, path in
            [
                "name": .text(cell(task.name)), "questions": .text("\(task.questions)"),
                "measure": .text(name),
                "original": .text(
                    task.original.map { accuracyText($0[keyPath: path]) } ?? notMeasured
                ),
                "quantized": .text(accuracyText(task.score[keyPath: path])),
                "digest": .text(task.digest.hex),
            ]
        }
    }

    private func facts(on speed: SpeedReport) -> [String: TemplateValue] {
        [
            "reading": .text(decimal(speed.promptRate, digits: 1)),
            "writing": .text(decimal(speed.decodingRate, digits: 1)),
            "promptTokens": .text("\(speed.promptTokens)"),
            "addedTokens": .text("\(speed.addedTokens)"), "runs": .text("\(speed.runs)"),
            "memory": .text(speed.peakMemory.map(byteText) ?? notMeasured),
        ]
    }

    private func facts(on sample: GeneratedSample) -> [String: TemplateValue] {
        [
            "prompt": .text(fenced(sample.prompt)), "text": .text(fenced(sample.text)),
            "fence": .text(fence(for: sample.prompt + sample.text)),
            "end": .text(
                sample.isEnded
                    ? "The model ended the text itself." : "Cut off after \(sample.tokens) tokens."
            ),
        ]
    }

    private func facts(on variant: CardVariant) -> [String: TemplateValue] {
        let name = cell(variant.name)
        let linked =
            variant.repository.map {
                isRepositoryName($0) && !variant.isThis
                    ? "[\(name)](https://huggingface.co/\($0))" : name
            } ?? name
        return [
            "name": .text(variant.isThis ? "**\(name)** (this one)" : linked),
            "size": .text(byteText(variant.bytes)),
            "bits": .text(decimal(variant.bits, digits: 3)),
            "perplexity": .text(variant.perplexity.map { decimal($0, digits: 3) } ?? notMeasured),
            "kl": .text(variant.divergence.map { decimal($0, digits: 4) } ?? notMeasured),
        ]
    }
}
