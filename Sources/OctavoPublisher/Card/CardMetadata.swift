import OctavoBase
import OctavoModel
import Yams

extension ModelCard {
    /// The metadata block, with what hubs read in the order in which their own editor writes it.
    ///
    /// - Throws: Only if it cannot be written as YAML.
    func metadata() throws -> String {
        var pairs: [(Node, Node)] = []
        func add(_ key: String, _ value: Node?) {
            if let value { pairs.append((Node(key), value)) }
        }
        let languages = self.languages.isEmpty ? baseFacts?.languages ?? [] : self.languages
        if !languages.isEmpty { add("language", list(languages)) }
        if !licenses.isEmpty {
            add("license", licenses.count == 1 ? text(licenses[0]) : list(licenses))
        }
        add("license_name", otherLicense.name.map(text))
        add("license_link", otherLicense.link.map(text))
        add("library_name", text(output.library))
        add("pipeline_tag", text(baseFacts?.pipelineTag ?? "text-generation"))
        // A path of this machine would be a dead link there.
        if let base = baseRepository, isRepositoryName(base) {
            add("base_model", text(base))
            add("base_model_relation", text("quantized"))
        }
        add("tags", list(tags))
        add("model-index", modelIndex)
        return try Yams.serialize(node: .mapping(.init(pairs)), width: -1, allowUnicode: true)
    }

    /// Its own tags, and those of the original.
    private var tags: [String] {
        var tags: [String] = []
        if output != .dense { tags += ["aqlm"] }
        if record.tuning != nil { tags.append("pv-tuning") }
        if output != .dense { tags += ["quantized", bitTag] }
        tags.append("octavo")
        for tag in baseFacts?.tags ?? [] where !tags.contains(tag) { tags.append(tag) }
        return tags
    }

    /// The bits of a weight as hubs tag them, codebooks and scales left aside: "2-bit".
    private var bitTag: String {
        let scheme = Scheme(record.scheme)
        let bits = scheme.map { Double($0.codebooks * $0.bits) / Double($0.groupSize) } ?? 0
        return "\(max(1, Int(bits.rounded())))-bit"
    }

    /// What was measured of this artifact, as hubs list results; nil if nothing was.
    private var modelIndex: Node? {
        var results = allEvaluations.filter { $0.perplexity.isFinite }.map { report in
            result(
                task: ("text-generation", "Text Generation"),
                dataset: report.text,
                revision: report.digest.hex,
                args: [
                    ("window_length", "\(report.windowLength)"), ("windows", "\(report.windows)"),
                    ("special_tokens", "false"),
                ],
                metrics: [("perplexity", report.perplexity, "perplexity")]
                    + (report.comparison.map {
                        $0.divergence.isFinite
                            ? [("kl", $0.divergence, "KL to the original, nats per token")] : []
                    } ?? [])
            )
        }
        results += (measurements?.tasks ?? []).map { task in
            result(
                task: ("multiple-choice", "Multiple Choice"),
                dataset: task.name,
                revision: task.digest.hex,
                args: [("questions", "\(task.questions)")],
                metrics: [
                    ("acc", task.score.plain.value, "accuracy"),
                    (
                        "acc_norm", task.score.normalized.value,
                        "accuracy, likelihood over characters"
                    ),
                ]
            )
        }
        guard !results.isEmpty else { return nil }
        return .sequence(
            .init([mapping([("name", text(title)), ("results", .sequence(.init(results)))])])
        )
    }

    private func result(
        task: (type: String, name: String),
        dataset: String,
        revision: String,
        args: [(String, String)],
        metrics: [(type: String, value: Double, name: String)]
    ) -> Node {
        mapping([
            ("task", mapping([("type", text(task.type)), ("name", text(task.name))])),
            (
                "dataset",
                mapping([
                    ("type", text(slug(dataset))), ("name", text(dataset)),
                    ("revision", text("sha256:" + revision)),
                    ("args", mapping(args.map { ($0, Node($1)) })),
                ])
            ),
            (
                "metrics",
                .sequence(
                    .init(
                        metrics.map {
                            mapping([
                                ("type", text($0.type)), ("value", Node("\($0.value)")),
                                ("name", text($0.name)),
                            ])
                        }
                    )
                )
            ),
        ])
    }

    // Quoted, since a plain `no` is a language to people and false to YAML.
    private func text(_ value: String) -> Node {
        .scalar(.init(line(value), Tag(.str), .doubleQuoted))
    }

    private func list(_ values: [String]) -> Node { .sequence(.init(values.map(text))) }

    private func mapping(_ pairs: [(String, Node)]) -> Node {
        .mapping(.init(pairs.map { (Node($0), $1) }))
    }
}

/// A file's name as the id of a data set: lower case, dashes, no ending.
private func slug(_ name: String) -> String {
    let stem = name.split(separator: ".").first.map(String.init) ?? name
    let words = stem.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return words.isEmpty ? "text" : words.joined(separator: "-")
}

/// Whether a text can be a repository on a hub: OWNER/NAME, or a NAME of the first days; no path.
func isRepositoryName(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { return false }
    return parts.allSatisfy { part in
        (1...96).contains(part.utf8.count) && !part.hasPrefix(".") && !part.hasPrefix("-")
            && !part.hasSuffix(".") && !part.contains("..")
            && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }
}
