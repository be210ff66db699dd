import Mustache
import OctavoBase
import OctavoModel
import Yams

extension ModelCard {
    /// The card as Markdown, with the metadata block that hubs read.
    ///
    /// - Throws: Only if the metadata cannot be written as YAML.
    public func markdown() throws -> String {
        "---\n" + (try metadata()) + "---\n" + (try Self.template().render(facts))
    }

    /// The metadata block (specs: the hub's model card fields).
    private func metadata() throws -> String {
        var pairs: [(Node, Node)] = []
        func add(_ key: String, _ value: Node) { pairs.append((Node(key), value)) }
        // Quoted, since a plain `no` is a language to people and false to YAML.
        func text(_ value: String) -> Node { .scalar(.init(value, Tag(.str), .doubleQuoted)) }
        if !languages.isEmpty { add("language", .sequence(.init(languages.map(text)))) }
        if let license { add("license", text(license)) }
        add("library_name", text("transformers"))
        add("pipeline_tag", text("text-generation"))
        if let base {
            add("base_model", text(base))
            add("base_model_relation", text("quantized"))
        }
        add("tags", .sequence(.init(["aqlm", "quantized", bitTag, "octavo"].map(text))))
        return try Yams.serialize(node: .mapping(.init(pairs)), allowUnicode: true)
    }

    private var facts: [String: Any] {
        [
            "title": title,
            // Nothing is false to the template, but an optional nothing in `Any` would be true.
            "bases": base.map { [["id": $0]] } ?? [],
            "scheme": record.scheme,
            "version": record.toolVersion,
            "quantizedBits": decimal(sizes.quantizedBits ?? 0, digits: 3),
            "totalBits": decimal(sizes.totalBits, digits: 3),
            "total": byteText(sizes.totalBytes),
            "parts": sizes.parts.map { part in
                [
                    "name": part.rawValue, "size": byteText(sizes.bytes[part, default: 0]),
                    "share": decimal(
                        100 * Double(sizes.bytes[part, default: 0])
                            / Double(max(1, sizes.totalBytes)),
                        digits: 1
                    ),
                ]
            },
            "calibration": calibrationText,
            "calibrationDigest": record.calibration.text.isEmpty
                ? "" : record.calibration.digest.hex,
            "seed": record.seed,
            "threads": record.threads,
            "kinds": KindLoss.summarize(record.layers).map { kind in
                [
                    "name": kind.kind, "count": "\(kind.count)",
                    "mean": decimal(100 * kind.mean, digits: 2),
                    "worst": decimal(100 * kind.worst, digits: 2),
                ]
            },
            "embeddings": record.embeddings.map { [facts(on: $0)] } ?? [],
            "tuning": tuningText,
            "isTuned": isTuned,
            "isEvaluated": !evaluations.isEmpty,
            "evaluations": evaluations.map(row),
            "files": record.files.map { file in
                ["path": file.path, "size": "\(file.size)", "sha256": file.digest.hex]
            },
            "sources": record.sources.map { file in
                ["path": file.path, "sha256": file.digest.hex]
            },
        ]
    }

    /// The bits of a weight as hubs tag them, codebooks and scales left aside: "2-bit".
    private var bitTag: String {
        let scheme = Scheme(record.scheme)
        let bits = scheme.map { Double($0.codebooks * $0.bits) / Double($0.groupSize) } ?? 0
        return "\(max(1, Int(bits.rounded())))-bit"
    }

    private func facts(on embeddings: EmbeddingRecord) -> [String: String] {
        [
            "encoding": embeddings.encoding,
            "size": byteText(embeddings.tensors.reduce(0) { $0 + $1.size }),
            "kl": decimal(Double(embeddings.divergence), digits: 4),
            "original": decimal(Double(embeddings.originalPerplexity), digits: 3),
            "perplexity": decimal(Double(embeddings.perplexity), digits: 3),
            "tokens": "\(embeddings.tokens)",
        ]
    }

    /// Whether anything was learned after layers were quantized.
    private var isTuned: Bool { record.tuning != nil || record.blockTuningEpochs > 0 }

    private var tuningText: String {
        var steps: [String] = []
        if record.blockTuningEpochs > 0 {
            steps.append("each block tuned for \(record.blockTuningEpochs) epochs at most")
        }
        if let tuning = record.tuning {
            let texts = tuning.text.text.map { "`\($0)`" }.joined(separator: ", ")
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
            : record.calibration.text.map { "`\($0)`" }.joined(separator: ", ")
        return "\(record.calibration.tokens) tokens in sequences of "
            + "\(record.calibration.sequenceLength), from \(what)"
    }

    private func row(_ report: EvaluationReport) -> [String: String] {
        [
            "text": report.text,
            "tokens": "\(report.windows) × \(report.windowLength)",
            "original": report.comparison.map { decimal($0.teacherPerplexity, digits: 3) }
                ?? "not measured",
            "quantized": decimal(report.perplexity, digits: 3),
            "kl": report.comparison.map { decimal($0.divergence, digits: 4) } ?? "not measured",
            "agreement": report.comparison.map { decimal(100 * $0.agreement, digits: 1) + " %" }
                ?? "not measured",
        ]
    }

    private static func template() throws -> MustacheTemplate {
        try MustacheTemplate(
            string: """
                {{% CONTENT_TYPE:TEXT}}
                # {{title}}

                {{#bases}}`{{id}}`{{/bases}}{{^bases}}A language model{{/bases}} quantized with AQLM \
                ([arXiv 2401.06118](https://arxiv.org/abs/2401.06118)), scheme `{{scheme}}`: \
                **{{quantizedBits}} bits per weight** in the quantized layers with their codebooks and scales, \
                {{totalBits}} over the whole model, {{total}} in all.

                ## Size

                | part | size | share |
                |---|---:|---:|
                {{#parts}}
                | {{name}} | {{size}} | {{share}} % |
                {{/parts}}

                ## Quality

                {{#isEvaluated}}
                | text | tokens | original perplexity | quantized perplexity | KL to the original, nats | same likeliest token |
                |---|---:|---:|---:|---:|---:|
                {{#evaluations}}
                | {{text}} | {{tokens}} | {{original}} | {{quantized}} | {{kl}} | {{agreement}} |
                {{/evaluations}}

                Measured in windows that do not overlap, with `octavo evaluate` (no special tokens added), or with \
                `octavo verify --teacher` where the original wrote the text.
                {{/isEvaluated}}
                {{^isEvaluated}}
                Perplexity and KL to the original: not measured.
                {{/isEvaluated}}

                Squared output error of each kind of layer, relative to its output, on the calibration text{{#isTuned}}, before \
                tuning{{/isTuned}}:

                | layer | count | mean | worst |
                |---|---:|---:|---:|
                {{#kinds}}
                | {{name}} | {{count}} | {{mean}} % | {{worst}} % |
                {{/kinds}}

                ## Recipe

                - Calibrated on {{calibration}}{{#calibrationDigest}} (sha256 of the token ids `{{calibrationDigest}}`){{/calibrationDigest}}.
                - Seed {{seed}}, {{threads}} threads, octavo {{version}}; {{tuning}}.
                {{#embeddings}}
                - Embedding and head were encoded as `{{encoding}}`, with loss; in the `.aqlm` file they take {{size}}. That alone, in \
                the original, costs KL {{kl}} nats and takes the perplexity from {{original}} to {{perplexity}}, on {{tokens}} tokens of \
                the calibration text. Unpacked (`octavo unpack`) they are plain halves, as other programs load them: the sizes above \
                are those of such a directory.
                {{/embeddings}}
                {{#sources}}
                - Made from `{{path}}`, sha256 `{{sha256}}`.
                {{/sources}}

                ## Load

                ```python
                # pip install transformers accelerate aqlm[cpu]   (or aqlm[gpu])
                from transformers import AutoModelForCausalLM, AutoTokenizer

                model = AutoModelForCausalLM.from_pretrained("PATH_OR_REPO", dtype="float32")
                tokenizer = AutoTokenizer.from_pretrained("PATH_OR_REPO")
                ```

                On a CPU set `NUMBA_NUM_THREADS=1`: the CPU kernel of aqlm 1.1.7 races with more threads and \
                gives wrong logits.

                ## Limits

                Languages, contexts and tasks beyond the figures above: not measured. Safety: not evaluated again.

                ## Verify

                `octavo verify PATH_OR_REPO` checks every digest, every tensor, and replays recorded logits.

                | file | bytes | sha256 |
                |---|---:|---|
                {{#files}}
                | {{path}} | {{size}} | `{{sha256}}` |
                {{/files}}

                """
        )
    }
}
