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
    private let done = Mutex((count: 0, weights: 0))
    private let configuration: ModelConfiguration
    private let progress: ProgressHandler

    init(_ configuration: ModelConfiguration, _ progress: @escaping ProgressHandler) {
        self.configuration = configuration
        self.progress = progress
    }

    func report(_ linear: LinearProgress) {
        let state = done.withLock { done in
            done.count += 1
            done.weights += weights(of: linear.linear)
            return done
        }
        let blocks = configuration.layerCount
        let inBlock = LinearName.allCases.reduce(0) { $0 + weights(of: $1) }
        progress(
            Progress(
                "quantizing",
                state.count,
                of: blocks * LinearName.allCases.count,
                // Time goes with the number of weights, and linears differ much in it.
                work: Double(state.weights) / Double(max(1, blocks * inBlock)),
                layer: Progress.Layer(
                    block: linear.block,
                    blocks: blocks,
                    name: linear.linear.rawValue,
                    relativeLoss: linear.relativeLoss
                )
            )
        )
    }

    private func weights(of linear: LinearName) -> Int {
        let (outputs, inputs) = linear.shape(in: configuration)
        return outputs * inputs
    }
}
