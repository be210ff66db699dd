import OctavoBase
import OctavoCheckpoint
public import OctavoModel
import OctavoQuantizer

/// What a quantization takes and leaves, known before it begins from the model's configuration alone.
public struct QuantizationCost: Sendable, Equatable {
    /// A part of the work.
    public struct Part: Sendable, Equatable {
        /// What is done, in a few words.
        public let name: String
        /// Seconds of processor time, of all threads together.
        public let cpuSeconds: Double
    }

    /// The parts of the work in their order, but for those that take nothing.
    public let parts: [Part]
    /// The most bytes of memory at once; files that are mapped for reading are not counted.
    public let peakMemory: Int
    /// The bytes of the model's files that are read, each as often as it is read: to know their digests, to check the
    /// weights, to quantize them, and to write what stays.
    public let bytesRead: Int
    /// The bytes of the result's tensors, in Hugging Face layout or in a container before its compression.
    public let artifactBytes: Int

    /// Seconds of processor time, of all threads together.
    public var cpuSeconds: Double { parts.reduce(0) { $0 + $1.cpuSeconds } }
}

/// Estimates what `octavo quantize` takes on a machine of a rate.
///
/// For shapes, numbers of tokens and options it counts operations (``CostPlan``, ``LayerWork``); how long they take is
/// the rate's. Stages of a layer that end early are in the rate where that was measured
/// on layers.
///
/// - Parameters:
///   - configuration: The model's architecture; no weights are needed.
///   - request: What the quantization is asked to do; its calibration text may be any.
///   - weightBytes: The bytes of a weight in the model's files.
///   - rate: The machine's.
/// - Returns: The cost.
/// - Throws: ``LayerExceptionError``, or ``QuantizationPlanError`` where the layout cannot hold the scheme.
public func estimateCost(
    of configuration: ModelConfiguration,
    _ request: QuantizationRequest,
    weightBytes: Int = 2,
    rate: MachineRate
) throws -> QuantizationCost {
    let dense = try denseLinears(
        by: request.exceptions,
        scheme: request.scheme,
        in: configuration
    )
    let quantizer = quantizer(configuration, request, dense)
    let weights = ModelWeights(configuration, quantized: { !dense.contains($0) })
    let plan = quantizer.costPlan(tokens: request.tokens, effort: request.effort)
    let source = weights.all * weightBytes
    // Digests, the check of all weights, the run itself, and what is copied.
    let bytesRead = 3 * source + (weights.all - weights.quantized) * weightBytes
    let artifact = try artifactBytes(configuration, request, weights, dense)
    let writing = request.text == .selfWritten ? writingWork(weights, request.tokens) : 0
    let embeddings = request.embeddings.map {
        EmbeddingQuantization.work(configuration, $0, request.effort)
    }
    let parts = [
        ("reading and checking", Double(bytesRead) / rate.bytes),
        ("calibration text", writing / rate.passes),
        ("embedding and head", (embeddings ?? 0) / rate.products),
        ("passes of the calibration text", plan.passes / rate.passes),
        ("quantizing layers", quantizer.layerSeconds(rate)),
        ("tuning blocks", plan.tuning / rate.passes),
        ("writing", Double(artifact) / rate.bytes),
    ]
    return QuantizationCost(
        parts: parts.filter { $0.1 > 0 }
            .map { QuantizationCost.Part(name: $0.0, cpuSeconds: $0.1) },
        peakMemory: quantizer.memoryPlan(
            tokens: request.tokens,
            sequenceLength: request.sequenceLength,
            budget: request.memory,
            preparations: preparations(configuration, request),
            resident: request.embeddings.map {
                EmbeddingQuantization.resident(configuration, $0)
            } ?? 0
        ).total,
        bytesRead: bytesRead,
        artifactBytes: artifact
    )
}

/// How many weights a model has.
struct ModelWeights {
    /// In all.
    private(set) var all = 0
    /// In linears that are quantized.
    private(set) var quantized = 0
    /// In embedding and head, the same tensor once.
    let ends: Int
    /// That a token passes in all blocks.
    private(set) var passed = 0
    /// Of the head.
    let head: Int

    /// Counts.
    ///
    /// - Parameters:
    ///   - configuration: The architecture.
    ///   - isQuantized: Whether the linear of a path is quantized.
    init(_ configuration: ModelConfiguration, quantized isQuantized: (String) -> Bool) {
        head = configuration.vocabularySize * configuration.hiddenSize
        ends = (configuration.tiesEmbeddings ? 1 : 2) * head
        all = ends + configuration.hiddenSize
        for layer in 0..<configuration.layerCount {
            for name in configuration.linears(inLayer: layer) {
                let (outputs, inputs) = name.shape(in: configuration)
                all += outputs * inputs + (name.hasBias(in: configuration) ? outputs : 0)
                if isQuantized(name.path(layer: layer)) { quantized += outputs * inputs }
                guard name.expertIndex != nil, let experts = configuration.experts else {
                    passed += outputs * inputs
                    continue
                }
                passed += outputs * inputs * experts.activeCount / experts.count
            }
            all += configuration.norms.reduce(0) {
                $0 + $1.shape(in: configuration).reduce(1, *)
            }
            all += (configuration.experts(inLayer: layer)?.count ?? 0) * configuration.hiddenSize
        }
    }
}

/// The operations of a text that the model writes, of which each token passes all blocks and the head, some dozens
/// of sequences at a time: half as fast as where whole sequences pass.
private func writingWork(_ weights: ModelWeights, _ tokens: Int) -> Double {
    2 * 2 * Double(weights.passed + weights.head) * Double(tokens)
}

/// The bytes of the result's tensors: codes, codebooks and scales, and halves for what stays.
private func artifactBytes(
    _ configuration: ModelConfiguration,
    _ request: QuantizationRequest,
    _ weights: ModelWeights,
    _ dense: Set<String>
) throws -> Int {
    let parameters = try AQLMParameters(request.scheme)
    var bytes = 2 * (weights.all - weights.quantized)
    if let encoding = request.embeddings {
        let resident = EmbeddingQuantization.resident(configuration, encoding)
        bytes += resident - 2 * weights.ends
    }
    for layer in 0..<configuration.layerCount {
        for name in configuration.linears(inLayer: layer) {
            let path = name.path(layer: layer)
            guard !dense.contains(path) else { continue }
            let (outputs, inputs) = name.shape(in: configuration)
            guard let plans = parameters.plans(path, outFeatures: outputs, inFeatures: inputs)
            else {
                throw QuantizationPlanError.indivisible(
                    linear: name.rawValue,
                    inputs: inputs,
                    groupSize: request.scheme.groupSize
                )
            }
            bytes += plans.reduce(0) { $0 + $1.byteCount }
        }
    }
    return bytes
}

extension ModelQuantizer {
    /// The processor seconds that quantizing layers takes, without passes and tuning.
    func layerSeconds(_ rate: MachineRate) -> Double {
        (0..<configuration.layerCount).reduce(0) { $0 + layerSeconds(ofBlock: $1, rate) }
    }

    /// The same of one block.
    func layerSeconds(ofBlock block: Int, _ rate: MachineRate) -> Double {
        var seconds = directions(inLayer: block) / rate.products
        for name in configuration.linears(inLayer: block)
        where !unquantized.contains(name.path(layer: block)) {
            let (outputs, inputs) = name.shape(in: configuration)
            let work = LayerWork(
                scheme: scheme,
                outputs: outputs,
                inputs: inputs,
                options: options
            )
            seconds += work.products / rate.solving + work.searches / rate.searching
        }
        return seconds + metrics(inLayer: block) / rate.products
    }
}
