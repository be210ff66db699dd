import OctavoBase
import OctavoHub
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// The machine that a manifest is carried out on, where the manifest leaves it open.
public struct ManifestDefaults: Sendable {
    /// The threads that take part.
    public var threads: Int
    /// The bytes of memory that may be taken.
    public var memory: Int

    /// Describes a machine.
    public init(threads: Int, memory: Int = 4_000_000_000) {
        self.threads = threads
        self.memory = memory
    }
}

extension Manifest {
    /// Reads a manifest and checks all that its text alone can tell.
    ///
    /// - Parameters:
    ///   - path: The YAML file; what it names is sought from its folder.
    ///   - defaults: What holds where the manifest says nothing.
    /// - Throws: ``ManifestError`` with line and column; `FileError` for a file that is not there.
    public init(_ path: String, _ defaults: ManifestDefaults) throws {
        let bytes = try readFile(path, limit: YAMLNode.largest)
        do {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ManifestError(YAMLPlace(line: 1, column: 1), "the manifest is not UTF-8 text")
            }
            let reader = ManifestReader(folder: parent(of: path), defaults: defaults)
            try self.init(text, path, reader)
        } catch var error as ManifestError {
            error.file = path
            throw error
        } catch let error as YAMLError {
            var located = ManifestError(error.place, error.problem)
            located.file = path
            throw located
        }
    }

    private init(_ text: String, _ path: String, _ reader: ManifestReader) throws {
        let fields = try ManifestFields(YAMLNode(parsing: text), "", keys: ManifestKeys.top)
        guard try fields.text("format") == Self.format else {
            throw fields.wrong("format", expected: Self.format)
        }
        file = path
        name =
            lastComponent(path).removingSuffix(".yaml")
            ?? lastComponent(path).removingSuffix(".yml") ?? lastComponent(path)
        source = try reader.source(fields)
        quantization = try reader.quantization(fields)
        tuning = try reader.tuning(fields, quantization)
        evaluation = try reader.evaluation(fields)
        hub = try reader.hub(fields)
        outputs = try reader.outputs(fields)
        card = try reader.card(fields)
        signing = try reader.signing(fields)
        expected = try reader.expected(fields)
        if quantization.embeddings != nil, tuning != nil {
            throw fields.wrong(
                "tuning",
                expected:
                    "none beside quantization.embeddings: tuning would learn from weights that were lost"
            )
        }
    }
}

/// Reads a manifest's mappings, each in a function of its own.
struct ManifestReader {
    /// What paths are relative to.
    let folder: String
    /// What holds where the manifest says nothing.
    let defaults: ManifestDefaults

    /// A path as the process finds it.
    func place(_ path: String) -> String { path.hasPrefix("/") ? path : joined(folder, path) }

    func source(_ manifest: ManifestFields) throws -> ManifestSource {
        guard let fields = try manifest.section("source", keys: ManifestKeys.source) else {
            throw manifest.wrong("source", expected: "a mapping with a repository or a path")
        }
        var source = ManifestSource()
        source.repository = try fields.value(
            "repository",
            expected: "a repository, as in OWNER/NAME"
        ) {
            guard let id = try? RepositoryID($0), id.namespace != nil else { return nil }
            return id
        }
        source.revision =
            try fields.value("revision", expected: "a branch, a tag or a commit") {
                try? Revision($0)
            }
            ?? .main
        source.file = try fields.value("file", expected: "the path of a file in the repository") {
            try? RepositoryPath($0)
        }
        source.path = try fields.text("path", "the path of a model").map(place)
        source.license = try fields.text("license", "the hub's id of a license, as in apache-2.0")
        guard source.repository != nil || source.path != nil else {
            throw ManifestError(
                fields.place,
                "source names no model, expected a repository or a path"
            )
        }
        return source
    }

    func quantization(_ manifest: ManifestFields) throws -> QuantizationRequest {
        guard let fields = try manifest.section("quantization", keys: ManifestKeys.quantization)
        else { throw manifest.wrong("quantization", expected: "a mapping with a scheme") }
        let example = "a scheme, as in 2x8g8"
        guard let scheme = try fields.value("scheme", expected: example, Scheme.init) else {
            throw fields.wrong("scheme", expected: example)
        }
        var request = QuantizationRequest(scheme: scheme, threads: defaults.threads)
        request.effort = try fields.choice("effort", of: Effort.self) ?? .standard
        request.targets = try fields.choice("targets", of: QuantizationTargets.self) ?? .original
        request.exceptions = try (fields.texts("except") ?? []).map {
            guard let exception = LayerException($0) else {
                throw fields.wrong("except", expected: "patterns as in *.down_proj=dense")
            }
            return exception
        }
        request.blockTuningEpochs = try fields.integer("block_tuning_epochs", in: 0...1000) ?? 0
        request.embeddings = try fields.value(
            "embeddings",
            expected: "int8 or a scheme, as in 5x8g16",
            EmbeddingEncoding.init
        )
        request.isCanonical = try fields.truth("canonical") ?? false
        request.seed = try fields.integer("seed", in: 0...Int(Int32.max)) ?? 0
        if let calibration = try manifest.section("calibration", keys: ManifestKeys.calibration) {
            let files = try texts(calibration, "text")
            if files != [ManifestEvaluation.selfWritten] { request.text = .files(files) }
            request.tokens =
                try calibration.integer("tokens", in: 2...1 << 28) ?? request.tokens
            request.sequenceLength =
                try calibration.integer("sequence_length", in: 2...1 << 20)
                ?? request.sequenceLength
        }
        try resources(manifest, &request)
        return request
    }

    private func resources(
        _ manifest: ManifestFields,
        _ request: inout QuantizationRequest
    ) throws {
        request.memory = defaults.memory
        guard let fields = try manifest.section("resources", keys: ManifestKeys.resources) else {
            return
        }
        request.threads = try fields.integer("threads", in: 1...1024) ?? defaults.threads
        request.memory = try byteCount(fields, "memory") ?? defaults.memory
        request.precision =
            try fields.choice("precision", of: ProductPrecision.self) ?? request.precision
    }

    /// Text files, with the digest that each must have where it is given; or text that the original writes.
    func texts(_ fields: ManifestFields, _ key: String) throws -> [String] {
        guard let items = try (fields[key].map { try list($0) }) else {
            return [ManifestEvaluation.selfWritten]
        }
        guard !items.isEmpty else { throw fields.wrong(key, expected: "at least one text") }
        return try items.map { item in
            if case .mapping = item.value { return try checkedText(item, fields.path(key)) }
            guard case .scalar(let text, _) = item.value, item.plainMeaning == .text else {
                throw ManifestError(
                    item.place,
                    "\(fields.path(key)) holds \(item.kind), expected a path, or self-written"
                )
            }
            guard text != ManifestEvaluation.selfWritten else {
                guard items.count == 1 || key == "texts" else {
                    throw ManifestError(
                        item.place,
                        "\(fields.path(key)) holds self-written beside others, expected it alone"
                    )
                }
                return text
            }
            return place(text)
        }
    }

    private func list(_ node: YAMLNode) throws -> [YAMLNode] {
        if case .sequence(let items) = node.value { items } else { [node] }
    }

    /// A file whose digest the manifest states.
    private func checkedText(_ item: YAMLNode, _ name: String) throws -> String {
        let fields = try ManifestFields(item, name, keys: ManifestKeys.text)
        let path = place(try fields.required("path", "the path of a text file"))
        let expected = try fields.value(
            "sha256",
            expected: "64 hexadecimal digits",
            Digest.init(hex:)
        )
        if let expected {
            let found = try MappedFile(path).digest()
            guard found == expected else {
                throw ManifestError(
                    fields["sha256"]?.place ?? item.place,
                    "\(path) has sha256 \(found), expected \(expected)"
                )
            }
        }
        return path
    }

    func byteCount(_ fields: ManifestFields, _ key: String) throws -> Int? {
        guard let node = fields[key] else { return nil }
        guard case .scalar(let text, _) = node.value, let count = ByteCount(text) else {
            throw fields.wrong(key, expected: "a number of bytes, as in 4GB")
        }
        return count.bytes
    }
}
