import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

extension QuantizationRequest {
    /// Everything that is asked for, as a plan keeps it.
    var json: JSON {
        let text: JSON =
            switch self.text {
            case .selfWritten: .null
            case .files(let paths): .array(paths.map(JSON.string))
            }
        return .object([
            "scheme": .string("\(scheme)"), "effort": .string(effort.rawValue),
            "exceptions": .array(exceptions.map { .string("\($0)") }),
            "calibration": text, "tokens": .integer(tokens),
            "sequence_length": .integer(sequenceLength), "targets": .string(targets.rawValue),
            "precision": .string(precision.available.rawValue),
            "slices": .integer(slices), "seed": .integer(seed),
            "block_tuning_epochs": .integer(blockTuningEpochs),
            "embeddings": embeddings.map { .string("\($0)") } ?? .null,
            "canonical": .bool(isCanonical), "threads": .integer(threads),
            "memory": .integer(memory), "max_shard_size": .integer(maxShardSize),
        ])
    }

    /// Reads what ``json`` writes; nil for anything else.
    init?(_ json: JSON) {
        func positive(_ key: String) -> Int? { json[key]?.integer.flatMap { $0 > 0 ? $0 : nil } }
        guard let scheme = json["scheme"]?.string.flatMap(Scheme.init),
            let effort = json["effort"]?.string.flatMap(Effort.init),
            let exceptions = json["exceptions"]?.array,
            let targets = json["targets"]?.string.flatMap(QuantizationTargets.init),
            let precision = json["precision"]?.string.flatMap(ProductPrecision.init),
            let tokens = positive("tokens"), let length = positive("sequence_length"),
            let slices = positive("slices"), let threads = positive("threads"),
            let seed = json["seed"]?.integer, seed >= 0,
            let epochs = json["block_tuning_epochs"]?.integer,
            let memory = positive("memory"), let shard = positive("max_shard_size"),
            let canonical = json["canonical"]?.bool, let embeddings = json["embeddings"],
            let calibration = json["calibration"]
        else { return nil }
        var text = CalibrationText.selfWritten
        if calibration != .null {
            guard let paths = calibration.array?.map(\.string), !paths.contains(nil) else {
                return nil
            }
            text = .files(paths.compactMap(\.self))
        }
        self.init(
            scheme: scheme,
            text: text,
            tokens: tokens,
            sequenceLength: length,
            seed: seed,
            threads: threads,
            maxShardSize: shard
        )
        (self.effort, self.targets, self.slices) = (effort, targets, slices)
        self.precision = precision
        self.exceptions = exceptions.compactMap { $0.string.flatMap(LayerException.init) }
        (blockTuningEpochs, self.memory, isCanonical) = (epochs, memory, canonical)
        self.embeddings = embeddings.string.flatMap(EmbeddingEncoding.init)
        guard self.exceptions.count == exceptions.count,
            embeddings == .null || self.embeddings != nil
        else { return nil }
    }
}
