import OctavoBase
import OctavoHub
import OctavoQuantizer

extension ManifestReader {
    func tuning(
        _ manifest: ManifestFields,
        _ quantization: QuantizationRequest
    ) throws -> TuningRequest? {
        guard let fields = try manifest.section("tuning", keys: ManifestKeys.tuning) else {
            return nil
        }
        let files = try texts(fields, "text")
        guard files != [ManifestEvaluation.selfWritten] else {
            throw fields.wrong("text", expected: "text files: a model does not learn from itself")
        }
        var request = TuningRequest(files: files, threads: quantization.threads)
        request.memory = max(quantization.memory, request.memory)
        request.tokens = try fields.integer("tokens", in: 4...1 << 28) ?? request.tokens
        request.sequenceLength =
            try fields.integer("sequence_length", in: 2...1 << 20) ?? request.sequenceLength
        request.options = try tuningOptions(fields)
        request.options.precision = quantization.precision
        return request
    }

    private func tuningOptions(_ fields: ManifestFields) throws -> TuningOptions {
        var options = TuningOptions()
        options.update =
            try fields.choice("update", of: TuningOptions.Update.self) ?? options.update
        options.objective =
            try fields.choice("objective", of: TuningOptions.Objective.self) ?? options.objective
        options.updatesEmbeddings = try fields.truth("update_embeddings") ?? false
        if options.updatesEmbeddings, options.update == .codes {
            throw fields.wrong(
                "update_embeddings",
                expected: "update to be codebooks or both beside it"
            )
        }
        if let share = try fields.number("cross_entropy_share", atMost: 1) {
            guard options.objective == .mixed, share < 1 else {
                throw fields.wrong(
                    "cross_entropy_share",
                    expected: "less than 1, beside objective: mixed"
                )
            }
            options.crossEntropyShare = share
        }
        options.steps = try fields.integer("steps", in: 1...1_000_000) ?? options.steps
        options.batchTokens =
            try fields.integer("batch_tokens", in: 1...1 << 24) ?? options.batchTokens
        options.learningRate =
            try fields.number("learning_rate", atMost: 1).map { Float($0) } ?? options.learningRate
        options.codeLearningRate =
            try fields.number("code_learning_rate", atMost: 1).map { Float($0) }
            ?? options.codeLearningRate
        options.codeShare = try fields.number("code_share", atMost: 1) ?? options.codeShare
        options.trustRatio = try fields.number("trust_ratio", atMost: 1)
        options.heldOutShare =
            try fields.number("held_out_share", atMost: 0.5) ?? options.heldOutShare
        options.stepsPerEvaluation =
            try fields.integer("steps_per_evaluation", in: 1...1_000_000)
            ?? options.stepsPerEvaluation
        options.patience = try fields.integer("patience", in: 1...1_000_000) ?? options.patience
        options.seed = UInt64(try fields.integer("seed", in: 0...Int(Int32.max)) ?? 0)
        return options
    }

    func evaluation(_ manifest: ManifestFields) throws -> ManifestEvaluation {
        var evaluation = ManifestEvaluation()
        guard let fields = try manifest.section("evaluation", keys: ManifestKeys.evaluation) else {
            return evaluation
        }
        evaluation.texts = try texts(fields, "texts")
        evaluation.sequenceLength =
            try fields.integer("sequence_length", in: 2...1 << 20) ?? evaluation.sequenceLength
        evaluation.windows = try fields.integer("windows", in: 1...1 << 20) ?? evaluation.windows
        evaluation.tasks = try (fields.texts("tasks", "the path of a task") ?? []).map(place)
        evaluation.prompts = try fields.texts("prompts", "the beginning of a text")
        evaluation.maxTokens =
            try fields.integer("max_tokens", in: 1...1 << 16) ?? evaluation.maxTokens
        evaluation.measuresSpeed = try fields.truth("speed") ?? true
        return evaluation
    }

    func outputs(_ manifest: ManifestFields) throws -> [ManifestOutput] {
        guard let items = try manifest.items("outputs"), !items.isEmpty else {
            throw manifest.wrong(
                "outputs",
                expected: "a list of at least one output, as in [{kind: hf-aqlm}]"
            )
        }
        var outputs: [ManifestOutput] = []
        for (index, item) in items.enumerated() {
            let output = try output(
                ManifestFields(item, "outputs[\(index + 1)]", keys: ManifestKeys.output)
            )
            // Two folders of one name would be one; two outputs in one repository would overwrite each other.
            guard !outputs.contains(where: { $0.name == output.name }) else {
                throw ManifestError(
                    item.place,
                    "outputs[\(index + 1)] is called \(output.name) as one before it, expected a name of its own"
                )
            }
            if let repository = output.repository,
                outputs.contains(where: { $0.repository == repository })
            {
                throw ManifestError(
                    item.place,
                    "outputs[\(index + 1)] goes to \(repository) as one before it, expected a repository of its own"
                )
            }
            outputs.append(output)
        }
        return outputs
    }

    private func output(_ fields: ManifestFields) throws -> ManifestOutput {
        guard let kind = try fields.choice("kind", of: ManifestOutput.Kind.self) else {
            throw fields.wrong("kind", expected: "one of hf-aqlm, aqlm, gguf, dense")
        }
        var output = ManifestOutput(kind: kind, name: kind.rawValue)
        output.name =
            try fields.value("name", expected: "a name of letters, digits, - and _") { name in
                name.utf8.count <= 64
                    && name.utf8.allSatisfy {
                        isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                    } ? name : nil
            } ?? kind.rawValue
        output.repository = try fields.value(
            "repository",
            expected: "a repository, as in OWNER/NAME"
        ) {
            try? RepositoryID($0)
        }
        output.type = try fields.choice("type", of: WeightType.self)
        switch (kind, output.type) {
        case (_, nil), (.gguf, _): break
        case (.dense, let type?) where type.dtype != nil: break
        default:
            throw fields.wrong(
                "type",
                expected: kind == .dense
                    ? "f16, bf16 or f32" : "none: \(kind.rawValue) keeps what it has"
            )
        }
        output.maxShardSize = try byteCount(fields, "max_shard_size") ?? output.maxShardSize
        output.isMapped = try fields.truth("mapped") ?? false
        guard !output.isMapped || kind == .aqlm else {
            throw fields.wrong("mapped", expected: "none: \(kind.rawValue) is stored in one way")
        }
        return output
    }

    func hub(_ manifest: ManifestFields) throws -> ManifestHub {
        var hub = ManifestHub()
        guard let fields = try manifest.section("hub", keys: ManifestKeys.hub) else { return hub }
        hub.revision =
            try fields.value("revision", expected: "a branch") { try? Revision($0) } ?? .main
        hub.isPrivate = try fields.truth("private") ?? false
        hub.tag = try fields.value("tag", expected: "a tag") { try? Revision($0) }
        hub.asPullRequest = try fields.truth("pull_request") ?? false
        hub.deletions = try fields.texts("delete", "a pattern, as in *.bin") ?? []
        hub.message = try fields.text("message")
        hub.collection = try fields.value(
            "collection",
            expected: "a title of at most 60 characters"
        ) {
            $0.count <= 60 ? $0 : nil
        }
        if hub.asPullRequest, hub.tag != nil {
            throw fields.wrong(
                "tag",
                expected: "none beside pull_request: a tag is for a commit to a branch"
            )
        }
        return hub
    }

    func card(_ manifest: ManifestFields) throws -> ManifestCard {
        var card = ManifestCard()
        guard let fields = try manifest.section("card", keys: ManifestKeys.card) else {
            return card
        }
        card.title = try fields.text("title")
        for item in try fields.items("sections") ?? [] {
            let section = try ManifestFields(item, "card.sections", keys: ManifestKeys.section)
            card.sections.append(
                CardSection(
                    title: try section.required("title", "a heading"),
                    text: try section.required("text", "Markdown")
                )
            )
        }
        card.template = try fields.text("template", "the path of a Mustache file").map(place)
        card.acceptsLicense = try fields.truth("accept_license") ?? false
        return card
    }

    func signing(_ manifest: ManifestFields) throws -> ManifestSigning? {
        guard let fields = try manifest.section("signing", keys: ManifestKeys.signing) else {
            return nil
        }
        return ManifestSigning(
            key: place(try fields.required("key", "the path of a private key, a PEM file")),
            passphraseFile: try fields.text("passphrase_file", "the path of a file").map(place)
        )
    }

    func expected(_ manifest: ManifestFields) throws -> ManifestExpectation? {
        guard let fields = try manifest.section("expected", keys: ManifestKeys.expected) else {
            return nil
        }
        return ManifestExpectation(
            size: try byteCount(fields, "size"),
            memory: try byteCount(fields, "memory"),
            cpuSeconds: try fields.value(
                "cpu_time",
                expected: "a duration, as in 90s, 40min or 2.5h",
                seconds
            )
        )
    }

    /// Reads a duration.
    private func seconds(_ text: String) -> Double? {
        for (unit, length) in [("min", 60.0), ("h", 3600), ("d", 86_400), ("s", 1)] {
            guard let number = text.removingSuffix(unit) else { continue }
            return Double(number).flatMap { $0 > 0 && $0.isFinite ? $0 * length : nil }
        }
        return nil
    }

    private func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
