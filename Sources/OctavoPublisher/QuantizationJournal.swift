import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoQuantizer

/// Why an interrupted quantization cannot be taken up again.
public enum ResumeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is nothing to take up.
    case nothing(String)
    /// The unfinished work was begun with other arguments or inputs.
    case differs(argument: String, began: String, now: String)
    /// The journal itself is damaged.
    case damaged(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .nothing(let path): "there is no unfinished quantization at \(path)"
        case .differs(let argument, let began, let now):
            "the unfinished quantization was begun with \(argument) \(began), now it is \(now)"
        case .damaged(let path): "\(path) is damaged"
        }
    }
}

/// The work of a quantization that is not finished, in a folder `OUTPUT.partial` beside its output.
///
/// `journal.json` holds what the run was begun with, `calibration.safetensors` its tokens, and
/// `block-N.safetensors` each block that is done; each file appears whole or not at all. All that
/// can change the result must be the same when the run is taken up again; only paths may differ.
struct FolderJournal: QuantizationJournal {
    private let folder: PartialFolder
    private let scheme: Scheme
    private let configuration: ModelConfiguration

    /// The folder.
    private var path: String { folder.path }

    /// Opens the journal of an output: a new one, or the one that is there if `resume` says so.
    init(
        for output: String,
        identity: JSON,
        resume: Bool,
        scheme: Scheme,
        configuration: ModelConfiguration
    ) throws {
        folder = try PartialFolder(for: output, keepsWork: true)
        self.scheme = scheme
        self.configuration = configuration
        let record = joined(folder.path, PartialFolder.journalFile)
        if resume {
            guard folder.holdsJournal else {
                try removeAll(folder.path)
                throw ResumeError.nothing(folder.path)
            }
            guard let began = try? JSON(parsing: readFile(record)) else {
                throw ResumeError.damaged(record)
            }
            try Self.compare(began: began, now: identity)
        } else {
            guard !folder.holdsJournal else { throw OutputError.unfinished(folder.path) }
            try folder.clear()
            try AtomicFile.write(identity.text(.sorted), to: record)
        }
    }

    /// Removes the journal if nothing was done yet that would be worth taking up.
    func discardIfEmpty() throws {
        let work = [calibrationFile, file(0)]
        if work.allSatisfy({ fileKind($0) == nil }) { try removeAll(path) }
    }

    /// An empty folder for the files of the output.
    func makeArtifact() throws -> String { try folder.makeArtifact() }

    /// Gives the artifact its final name and removes the journal.
    func commit() throws { try folder.commit() }

    private static func compare(began: JSON, now: JSON) throws {
        for (argument, value) in now.object ?? JSONObject() where began[argument] != value {
            throw ResumeError.differs(
                argument: argument,
                began: began[argument]?.text(.compact) ?? "unset",
                now: value.text(.compact)
            )
        }
    }

    // MARK: Blocks

    private func file(_ index: Int) -> String { joined(path, "block-\(index).safetensors") }

    func block(_ index: Int) throws -> QuantizedBlock? {
        guard fileKind(file(index)) == .file else { return nil }
        let checkpoint = try Checkpoint(file(index))
        let losses = try checkpoint.floats(named: "relative_losses")
        guard losses.count == LinearName.allCases.count else {
            throw ResumeError.damaged(file(index))
        }
        var block: QuantizedBlock = [:]
        for (name, loss) in zip(LinearName.allCases, losses) {
            let (outputs, inputs) = name.shape(in: configuration)
            let layer = try AdditiveLayer(
                scheme: scheme,
                outputs: outputs,
                inputs: inputs,
                codes: checkpoint.integers(named: name.rawValue + ".codes").map {
                    UInt16(truncatingIfNeeded: $0)
                },
                codebooks: checkpoint.floats(named: name.rawValue + ".codebooks"),
                scales: checkpoint.floats(named: name.rawValue + ".scales")
            )
            block[name] = QuantizedLinear(layer: layer, relativeLoss: loss)
        }
        return block
    }

    func finish(_ block: QuantizedBlock, index: Int) throws {
        var bytes: [String: (DType, [Int], [UInt8])] = [:]
        for (name, linear) in block {
            let layer = linear.layer
            bytes[name.rawValue + ".codes"] = (
                .u16, [layer.outputs, layer.groups, scheme.codebooks], layer.codes.byteArray
            )
            bytes[name.rawValue + ".codebooks"] = (
                .f16, [scheme.codebooks, scheme.entries, scheme.groupSize],
                layer.codebooks.map(Half.narrow).byteArray
            )
            bytes[name.rawValue + ".scales"] = (
                .f16, [layer.outputs], layer.scales.map(Half.narrow).byteArray
            )
        }
        let losses = LinearName.allCases.map { block[$0]?.relativeLoss ?? 0 }
        bytes["relative_losses"] = (.f32, [losses.count], losses.byteArray)
        try write(bytes, to: file(index))
    }

    // MARK: Calibration

    private var calibrationFile: String { joined(path, "calibration.safetensors") }

    /// The calibration sequences that the run was begun with, or nil if it did not get that far.
    func calibration() throws -> [[Int]]? {
        let file = calibrationFile
        guard fileKind(file) == .file else { return nil }
        let checkpoint = try Checkpoint(file)
        let tokens = try checkpoint.integers(named: "tokens").map(Int.init)
        var start = 0
        return try checkpoint.integers(named: "lengths").map { length in
            guard length > 0, start + Int(length) <= tokens.count else {
                throw ResumeError.damaged(file)
            }
            defer { start += Int(length) }
            return Array(tokens[start..<start + Int(length)])
        }
    }

    /// Keeps the calibration sequences.
    func keep(calibration sequences: [[Int]]) throws {
        func stored(_ values: [Int]) -> (DType, [Int], [UInt8]) {
            (.i32, [values.count], values.map(Int32.init(truncatingIfNeeded:)).byteArray)
        }
        try write(
            [
                "tokens": stored(sequences.flatMap(\.self)),
                "lengths": stored(sequences.map(\.count)),
            ],
            to: calibrationFile
        )
    }

    private func write(_ tensors: [String: (DType, [Int], [UInt8])], to file: String) throws {
        let plans = tensors.compactMap { TensorPlan(name: $0, dtype: $1.0, shape: $1.1) }
        var writer = try SafetensorsWriter(file, tensors: plans)
        for plan in writer.plans {
            if let bytes = tensors[plan.name]?.2 { try writer.write(bytes) }
        }
        _ = try writer.finish()
    }
}
