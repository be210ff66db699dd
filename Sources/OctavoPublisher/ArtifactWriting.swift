import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoModel
import OctavoQuantizer

/// Writes the tensors and side files of an artifact from a journal's blocks.
///
/// - Returns: A record without sources, calibration and probe.
func writeArtifact(
    _ model: OpenModel,
    _ journal: FolderJournal,
    _ configuration: ModelConfiguration,
    _ request: QuantizationRequest,
    embeddings: EncodedEmbeddings?,
    to directory: String,
    progress: ProgressHandler
) throws -> ArtifactRecord {
    let kept = LinearCache(journal)
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
        for name in configuration.linears(inLayer: index) {
            let path = name.path(layer: index)
            guard let linear = try journal.linear(name, block: index) else { continue }
            layers.append(LayerRecord(name: path, relativeLoss: linear.relativeLoss))
            writer.quantized[path] = {
                let layer = try kept.linear(name, in: index)
                return request.isCanonical ? layer.canonical : layer
            }
        }
        guard let tuned = try journal.tunedParameters(block: index) else { continue }
        // Of all that is kept, only norms and biases are small enough to be held for every block.
        for (norm, weight) in tuned.norms {
            guard let path = norm.path(layer: index, in: configuration) else { continue }
            writer.replaced[path] = { weight }
        }
        for (name, bias) in tuned.biases {
            writer.replaced[name.path(layer: index) + ".bias"] = { bias }
        }
    }
    let finalNorm = try journal.finalNorm()
    if let finalNorm { writer.replaced["model.norm.weight"] = { finalNorm.weights } }
    // A copy of the embedding would stand beside it in 16 bits.
    if embeddings != nil, configuration.tiesEmbeddings {
        writer.omitted = [EmbeddingQuantization.head]
    }
    for (name, matrix) in embeddings?.matrices ?? [:] {
        writer.replaced[name] = { matrix.values(threads: request.threads) }
    }
    let tensorFiles = try writer.writeTensors(to: directory, progress: progress)
    let dense = try denseLinears(
        by: request.exceptions,
        scheme: request.scheme,
        in: configuration
    )
    let config = completedConfig(
        model.checkpoint.config,
        dtype: "float16",
        quantization: try AQLMParameters(request.scheme)
            .quantizationConfig(
                unquantized: ["lm_head"] + dense.sorted() + matrixNorms(configuration)
                    + routers(configuration)
            )
    )
    let files = tensorFiles + (try writer.writeSideFiles(to: directory, config: config))
    return ArtifactRecord(
        toolVersion: octavoVersion,
        sources: [],
        scheme: "\(request.scheme)",
        calibration: .unknown,
        seed: request.seed,
        solver: .null,
        threads: request.threads,
        isCanonical: request.isCanonical,
        embeddings: embeddings?.record,
        finalNorm: finalNorm.map(FinalNormRecord.init),
        layers: layers,
        files: files.map(\.file).sorted { $0.path < $1.path },
        tensors: files.flatMap(\.tensors).sorted { $0.name < $1.name },
        probe: []
    )
}

/// The paths of norms whose weights have two dimensions: readers would take them for linears.
private func matrixNorms(_ configuration: ModelConfiguration) -> [String] {
    (0..<configuration.layerCount).flatMap { layer in
        NormName.allCases.compactMap { norm in
            guard norm.shape(in: configuration).count > 1 else { return nil }
            return norm.path(layer: layer, in: configuration)?.removingSuffix(".weight")
        }
    }
}

/// The paths of routers, which stay as they are.
private func routers(_ configuration: ModelConfiguration) -> [String] {
    (0..<configuration.layerCount).compactMap { layer in
        configuration.experts(inLayer: layer)?.routerPath(layer: layer)
    }
}

/// Reads linears back from a journal, keeping those of the last block: tensors are written block by block,
/// so each linear is read about once.
private final class LinearCache {
    private let journal: FolderJournal
    private var kept: (block: Int, layers: [LinearName: AdditiveLayer])?

    init(_ journal: FolderJournal) { self.journal = journal }

    func linear(_ name: LinearName, in block: Int) throws -> AdditiveLayer {
        if kept?.block != block {
            kept = (block, try journal.tunedParameters(block: block)?.layers ?? [:])
        }
        if let layer = kept?.layers[name] { return layer }
        guard let layer = try journal.linear(name, block: block)?.layer else {
            throw ResumeError.damaged("the journal")
        }
        kept?.layers[name] = layer
        return layer
    }
}
