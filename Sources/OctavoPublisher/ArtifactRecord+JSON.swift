public import OctavoBase
import OctavoQuantizer

/// Why an `octavo.json` cannot be used.
public enum RecordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text is not JSON.
    case notJSON(JSONError)
    /// It is of a format or version that this tool does not know.
    case format(String)
    /// A field is missing or of another type.
    case field(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .notJSON(let error): "octavo.json: \(error)"
        case .format(let found):
            "octavo.json is of format \"\(found)\"; this tool reads \"\(ArtifactRecord.format)\""
        case .field(let name): "octavo.json: the field \"\(name)\" is missing or malformed"
        }
    }
}

extension ArtifactRecord {
    /// The record as it is written, keys sorted.
    public var text: String { json.text(.sorted) }

    /// The record as JSON.
    public var json: JSON {
        .object([
            "format": .string(Self.format),
            "tool": .object(["name": "octavo", "version": .string(toolVersion)]),
            "source": .object(["files": .array(sources.map(\.json))]),
            "recipe": .object([
                "scheme": .string(scheme),
                "calibration": calibration.json,
                "seed": .integer(seed),
                "solver": solver,
                "threads": .integer(threads),
                "canonical": isCanonical ? .bool(true) : nil,
                "embeddings": embeddings?.json,
                "final_norm": finalNorm?.json,
                "tuning": tuning?.json,
            ]),
            "layers": .array(
                layers.map {
                    .object(["name": .string($0.name), "relative_loss": .shortest($0.relativeLoss)])
                }
            ),
            "files": .array(files.map(\.json)),
            "tensors": .array(
                tensors.map {
                    .object([
                        "name": .string($0.name), "dtype": .string($0.dtype.rawValue),
                        "shape": .array($0.shape.map(JSON.integer)),
                        "sha256": .string($0.digest.hex),
                    ])
                }
            ),
            "probe": .array(
                probe.map {
                    .object([
                        "tokens": .array($0.tokens.map(JSON.integer)),
                        "ids": .array($0.ids.map(JSON.integer)),
                        "logits": .array($0.logits.map(JSON.shortest)),
                    ])
                }
            ),
        ])
    }

    /// Reads a record.
    public init(parsing bytes: [UInt8]) throws(RecordError) {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { throw .notJSON(error) }
        let root = RecordReader(json, at: "")
        let format = try root.string("format")
        guard format == Self.format else { throw .format(format) }
        let recipe = try root.member("recipe")
        self.init(
            toolVersion: try root.member("tool").string("version"),
            sources: try root.member("source").list("files", FileRecord.init),
            scheme: try recipe.string("scheme"),
            calibration: try CalibrationRecord(recipe.member("calibration")),
            seed: try recipe.count("seed"),
            solver: recipe.json["solver"] ?? .null,
            threads: try recipe.count("threads"),
            isCanonical: recipe.json["canonical"]?.bool ?? false,
            embeddings: recipe.json["embeddings"] == nil
                ? nil : try EmbeddingRecord(recipe.member("embeddings")),
            finalNorm: recipe.json["final_norm"] == nil
                ? nil : try FinalNormRecord(recipe.member("final_norm")),
            tuning: recipe.json["tuning"] == nil ? nil : try TuningRecord(recipe.member("tuning")),
            layers: try root.list("layers") { (reader) throws(RecordError) in
                LayerRecord(
                    name: try reader.string("name"),
                    relativeLoss: Float(try reader.number("relative_loss"))
                )
            },
            files: try root.list("files", FileRecord.init),
            tensors: try root.list("tensors", TensorRecord.init),
            probe: try root.list("probe", ProbeRecord.init)
        )
        guard Set(files.map(\.path)).count == files.count else { throw .field("files") }
        guard Set(tensors.map(\.name)).count == tensors.count else { throw .field("tensors") }
        guard probe.count <= 64 else { throw .field("probe") }
    }
}

extension ProbeRecord {
    fileprivate init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            tokens: try reader.counts("tokens"),
            ids: try reader.counts("ids"),
            logits: try reader.numbers("logits").map(Float.init)
        )
        guard 1...1024 ~= tokens.count else { throw .field(reader.path + "tokens") }
        guard !ids.isEmpty, ids.count == logits.count else { throw .field(reader.path + "ids") }
    }
}

extension CalibrationRecord {
    fileprivate var json: JSON {
        .object([
            "text": .array(text.map(JSON.string)), "tokens": .integer(tokens),
            "sequence_length": .integer(sequenceLength), "sha256": .string(digest.hex),
        ])
    }

    fileprivate init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            text: try reader.strings("text"),
            tokens: try reader.count("tokens"),
            sequenceLength: try reader.count("sequence_length"),
            digest: try reader.digest("sha256")
        )
    }
}

extension TuningRecord {
    fileprivate var json: JSON {
        .object([
            "objective": .string(objective.rawValue),
            "teacher": .object(["files": .array(teacher.map(\.json))]), "text": text.json,
            "text_kind": .string(textKind), "learned_tokens": .integer(learnedTokens),
            "held_out": .array(heldOut.map(JSON.integer)), "settings": settings,
            "steps": .integer(steps), "best_step": .integer(bestStep),
            "loss_before": .number(lossBefore), "loss_after": .number(lossAfter),
            "end": .string(end),
        ])
    }

    fileprivate init(_ reader: RecordReader) throws(RecordError) {
        // The first versions knew one objective, and learned all of their text.
        let isFirst = reader.json["objective"] == nil
        let text = try CalibrationRecord(reader.member("text"))
        let name = isFirst ? "kl" : try reader.string("objective")
        guard let objective = TuningOptions.Objective(rawValue: name) else {
            throw .field(reader.path + "objective")
        }
        self.init(
            objective: objective,
            teacher: try reader.member("teacher").list("files", FileRecord.init),
            textKind: isFirst ? "text" : try reader.string("text_kind"),
            learnedTokens: isFirst ? text.tokens : try reader.count("learned_tokens"),
            text: text,
            heldOut: try reader.counts("held_out"),
            settings: reader.json["settings"] ?? .null,
            steps: try reader.count("steps"),
            bestStep: try reader.count("best_step"),
            lossBefore: try reader.number("loss_before"),
            lossAfter: try reader.number("loss_after"),
            end: try reader.string("end")
        )
    }
}

extension FileRecord {
    fileprivate var json: JSON {
        .object(["path": .string(path), "size": .integer(size), "sha256": .string(digest.hex)])
    }

    fileprivate init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            path: try reader.string("path"),
            size: try reader.count("size"),
            digest: try reader.digest("sha256")
        )
    }
}

extension TensorRecord {
    fileprivate init(_ reader: RecordReader) throws(RecordError) {
        guard let dtype = DType(rawValue: try reader.string("dtype")) else {
            throw .field("\(reader.path)dtype")
        }
        self.init(
            name: try reader.string("name"),
            dtype: dtype,
            shape: try reader.counts("shape"),
            digest: try reader.digest("sha256")
        )
    }
}

/// Reads fields of one object and knows its place, for the error.
struct RecordReader {
    let json: JSON
    let path: String

    init(_ json: JSON, at path: String) {
        self.json = json
        self.path = path
    }

    private func require<T>(_ name: String, _ read: (JSON) -> T?) throws(RecordError) -> T {
        guard let value = json[name].flatMap(read) else { throw .field(path + name) }
        return value
    }

    func member(_ name: String) throws(RecordError) -> RecordReader {
        RecordReader(try require(name) { $0.object == nil ? nil : $0 }, at: path + name + ".")
    }

    func string(_ name: String) throws(RecordError) -> String { try require(name, \.string) }
    func number(_ name: String) throws(RecordError) -> Double { try require(name, \.number) }

    /// A whole number that is not negative.
    func count(_ name: String) throws(RecordError) -> Int {
        try require(name) { $0.integer.flatMap { $0 >= 0 ? $0 : nil } }
    }

    func digest(_ name: String) throws(RecordError) -> Digest {
        try require(name) { $0.string.flatMap(Digest.init(hex:)) }
    }

    func strings(_ name: String) throws(RecordError) -> [String] { try items(name, \.string) }
    func numbers(_ name: String) throws(RecordError) -> [Double] { try items(name, \.number) }

    func counts(_ name: String) throws(RecordError) -> [Int] {
        try items(name) { $0.integer.flatMap { $0 >= 0 ? $0 : nil } }
    }

    private func items<T>(_ name: String, _ read: (JSON) -> T?) throws(RecordError) -> [T] {
        let array = try require(name, \.array)
        let values = array.compactMap(read)
        guard values.count == array.count else { throw .field(path + name) }
        return values
    }

    func list<T>(
        _ name: String,
        _ read: (RecordReader) throws(RecordError) -> T
    ) throws(RecordError) -> [T] {
        var values: [T] = []
        for (index, item) in try require(name, \.array).enumerated() {
            values.append(try read(RecordReader(item, at: "\(path)\(name)[\(index)].")))
        }
        return values
    }
}

extension JSON {
    /// A number with as many digits as tell it from every other Float.
    static func shortest(_ value: Float) -> JSON {
        .number(Double(value.description) ?? Double(value))
    }
}
