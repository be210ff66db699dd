import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoQuantizer
import Synchronization

/// Writes the tensors and side files of an artifact from a journal's blocks.
///
/// - Returns: A record without sources, calibration and probe.
func writeArtifact(
    _ model: OpenModel,
    _ journal: FolderJournal,
    _ configuration: ModelConfiguration,
    _ request: QuantizationRequest,
    to directory: String,
    progress: ProgressHandler
) throws -> ArtifactRecord {
    let blocks = BlockCache(journal)
    var writer = ModelWriter(
        model: model,
        options: ConversionOptions(
            target: .safetensors,
            dtype: .f16,
            maxShardSize: request.maxShardSize
        )
    )
    writer.scheme = request.scheme
    var layers: [LayerRecord] = []
    for index in 0..<configuration.layerCount {
        for name in LinearName.allCases {
            writer.quantized[name.path(layer: index)] = { try blocks.linear(name, in: index).layer }
            layers.append(
                LayerRecord(
                    name: name.path(layer: index),
                    relativeLoss: try blocks.linear(name, in: index).relativeLoss
                )
            )
        }
    }
    let tensorFiles = try writer.writeTensors(to: directory, progress: progress)
    let config = completedConfig(
        model.checkpoint.config,
        dtype: "float16",
        quantization: try AQLMParameters(request.scheme).quantizationConfig(unquantized: ["lm_head"]
        )
    )
    let files = tensorFiles + (try writer.writeSideFiles(to: directory, config: config))
    return ArtifactRecord(
        toolVersion: octavoVersion,
        sources: [],
        scheme: "\(request.scheme)",
        calibration: CalibrationRecord(
            text: [],
            tokens: 0,
            sequenceLength: 0,
            digest: Digest(of: "")
        ),
        seed: request.seed,
        solver: .null,
        threads: request.threads,
        layers: layers,
        files: files.map(\.file).sorted { $0.path < $1.path },
        tensors: files.flatMap(\.tensors).sorted { $0.name < $1.name },
        probe: []
    )
}

/// Reads blocks back from a journal, keeping the last one: tensors are written block by block, so
/// each is read about once.
private final class BlockCache {
    private let journal: FolderJournal
    private var kept: (index: Int, block: QuantizedBlock)?

    init(_ journal: FolderJournal) { self.journal = journal }

    func linear(_ name: LinearName, in index: Int) throws -> QuantizedLinear {
        if let kept, kept.index == index, let linear = kept.block[name] { return linear }
        guard let block = try journal.block(index), let linear = block[name] else {
            throw ResumeError.damaged("the journal")
        }
        kept = (index, block)
        return linear
    }
}

/// Turns finished linears into progress of the whole.
final class LayerProgressReporter: Sendable {
    private let done = Mutex(0)
    private let total: Int
    private let blocks: Int
    private let progress: ProgressHandler

    init(_ configuration: ModelConfiguration, _ progress: @escaping ProgressHandler) {
        total = configuration.layerCount * LinearName.allCases.count
        blocks = configuration.layerCount
        self.progress = progress
    }

    func report(_ linear: LinearProgress) {
        let count = done.withLock { count in
            count += 1
            return count
        }
        let loss =
            linear.relativeLoss.map { ", loss \(decimal(100 * Double($0), digits: 2)) %" }
            ?? ", kept"
        progress(
            Progress(
                "quantizing",
                count,
                of: total,
                detail: "block \(linear.block + 1) of \(blocks), \(linear.linear.rawValue)\(loss)"
            )
        )
    }
}
