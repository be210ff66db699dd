import OctavoBase
import OctavoModel

/// What is not known is called so, never left blank and never made up.
let notMeasured = "not measured"

extension ModelCard {
    /// The values of all variables of a template.
    var facts: [String: TemplateValue] {
        var facts = qualityFacts
        facts.merge(recipeFacts) { $1 }
        facts.merge(licenseFacts) { $1 }
        facts.merge(useFacts) { $1 }
        facts["title"] = .text(line(title))
        facts["scheme"] = .text(code(record.scheme))
        facts["version"] = .text(line(record.toolVersion))
        facts["quantizedBits"] = .text(decimal(sizes.quantizedBits ?? 0, digits: 3))
        facts["totalBits"] = .text(decimal(sizes.totalBits, digits: 3))
        facts["total"] = .text(byteText(sizes.totalBytes))
        let revision = baseFacts?.revision.map { ["sha": TemplateValue.text(code($0))] }
        facts["bases"] = .optional(
            baseRepository.map {
                [
                    "id": .text(code($0)), "isLinked": .flag(isRepositoryName($0)),
                    "revisions": .optional(revision),
                ]
            }
        )
        facts["revisions"] = .optional(revision)
        facts["originals"] = .optional(
            originalBytes.map {
                [
                    "size": .text(byteText($0)),
                    "ratio": .text(
                        decimal(Double($0) / Double(max(1, sizes.totalBytes)), digits: 1)
                    ),
                ]
            }
        )
        facts["parts"] = .list(
            sizes.parts.map { part in
                let bytes = sizes.bytes[part, default: 0]
                let share = 100 * Double(bytes) / Double(max(1, sizes.totalBytes))
                return [
                    "name": .text(part.rawValue), "size": .text(byteText(bytes)),
                    "share": .text(decimal(share, digits: 1)),
                ]
            }
        )
        return facts
    }

    /// What the licence demands and names.
    private var licenseFacts: [String: TemplateValue] {
        let (name, link) = otherLicense
        return [
            "attributions": .list(terms.flatMap(\.attributions).map { ["text": .text($0)] }),
            "licenses": .list(licenses.map { ["id": .text(code($0))] }),
            "licenseTexts": .optional(
                name == nil && link == nil
                    ? nil
                    : [
                        "name": .text(line(name ?? "a name that is not stated")),
                        "link": .text(line(link ?? "no link stated")),
                    ]
            ),
            "licenseFiles": .list(
                (baseFacts?.licenseFiles ?? []).map { ["path": .text(line($0))] }
            ),
            "isGated": .flag(baseFacts?.isGated ?? false),
        ]
    }

    /// What went in and how it was made.
    private var recipeFacts: [String: TemplateValue] {
        let exceptions = (record.solver["exceptions"]?.array ?? []).compactMap(\.string)
        return [
            "calibration": .text(calibrationText),
            "calibrationDigest": .text(
                record.calibration.text.isEmpty ? "" : record.calibration.digest.hex
            ),
            "seed": .text("\(record.seed)"), "threads": .text("\(record.threads)"),
            "tuning": .text(tuningText), "isTuned": .flag(isTuned),
            "commits": .optional(toolCommit.map { ["sha": .text(code($0))] }),
            "exceptions": .list(
                exceptions.isEmpty
                    ? []
                    : [
                        [
                            "text": .text(
                                "Layers treated otherwise: "
                                    + exceptions.map { "`\(code($0))`" }.joined(separator: ", ")
                                    + "."
                            )
                        ]
                    ]
            ),
            "embeddings": .optional(record.embeddings.map(facts(on:))),
            "sources": .list(
                record.sources.map {
                    ["path": .text(code($0.path)), "sha256": .text($0.digest.hex)]
                }
            ),
            "runs": .optional(
                run.map {
                    [
                        "time": .text(durationText($0.seconds)),
                        "memory": .text($0.peakMemory.map(byteText) ?? notMeasured),
                        "machine": .text($0.machine.map { ", on " + line($0.text) } ?? ""),
                    ]
                }
            ),
            "files": .list(
                record.files.map {
                    [
                        "path": .text(cell($0.path)), "size": .text("\($0.size)"),
                        "sha256": .text($0.digest.hex),
                    ]
                }
            ),
            "recordFormat": .text(ArtifactRecord.format),
            "recordFile": .text(ArtifactRecord.fileName),
        ]
    }

    private func facts(on embeddings: EmbeddingRecord) -> [String: TemplateValue] {
        [
            "encoding": .text(code(embeddings.encoding)),
            "size": .text(byteText(embeddings.tensors.reduce(0) { $0 + $1.size })),
            "kl": .text(decimal(Double(embeddings.divergence), digits: 4)),
            "original": .text(decimal(Double(embeddings.originalPerplexity), digits: 3)),
            "perplexity": .text(decimal(Double(embeddings.perplexity), digits: 3)),
            "tokens": .text("\(embeddings.tokens)"),
        ]
    }

    /// Whether any layer was changed after it was quantized.
    private var isTuned: Bool { record.tuning != nil || record.blockTuningEpochs > 0 }

    private var tuningText: String {
        var steps: [String] = []
        if record.blockTuningEpochs > 0 {
            steps.append("each block tuned for \(record.blockTuningEpochs) epochs at most")
        }
        if let norm = record.finalNorm, norm.divergenceAfter < norm.divergenceBefore {
            steps.append(
                "the final norm fitted to the original's predictions: KL on held-out sequences "
                    + "\(decimal(Double(norm.divergenceBefore), digits: 4)) before, "
                    + "\(decimal(Double(norm.divergenceAfter), digits: 4)) after"
            )
        }
        if let tuning = record.tuning {
            let texts = tuning.text.text.map { "`\(code($0))`" }.joined(separator: ", ")
            steps.append(
                "\(tuning.aim) (PV-Tuning, "
                    + "[arXiv 2405.14852](https://arxiv.org/abs/2405.14852)) in \(tuning.steps) steps on "
                    + "\(tuning.text.tokens) tokens of \(texts)\(tuning.answers): "
                    + "\(tuning.objective.lossName) on held-out "
                    + "sequences \(decimal(tuning.lossBefore, digits: 4)) before, "
                    + "\(decimal(tuning.lossAfter, digits: 4)) after"
            )
        }
        return steps.isEmpty ? "no tuning after quantization" : steps.joined(separator: "; ")
    }

    private var calibrationText: String {
        guard !record.calibration.text.isEmpty else { return "text that is not known" }
        let what =
            record.calibration.isSelfWritten
            ? "text that the original model wrote itself, sampled at temperature 1"
            : record.calibration.text.map { "`\(code($0))`" }.joined(separator: ", ")
        return "\(record.calibration.tokens) tokens in sequences of "
            + "\(record.calibration.sequenceLength), from \(what)"
    }
}
