import OctavoBase
public import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// Measures how fast this machine does what a quantization is made of, in at most about two minutes.
///
/// Two made-up layers of the model's own shapes, as far as they are small, are quantized with the request's scheme and
/// effort; what they take tells the rates of products and of searches. A batch of tokens
/// passes a made-up block. Everything runs on as many threads as the request has, at most on one a processor: they share
/// caches and memory as they do in earnest.
///
/// - Parameters:
///   - configuration: The model's architecture.
///   - request: What is asked for.
///   - progress: Told what is being measured.
/// - Returns: The rates, of one thread among them.
/// - Throws: ``QuantizationError``.
public func measureRate(
    for configuration: ModelConfiguration,
    _ request: QuantizationRequest,
    progress: ProgressHandler = { _ in }
) throws -> MachineRate {
    let stage = "measuring this machine"
    progress(Progress(stage, 0, of: 4, detail: "products"))
    var rate = MachineRate(products: productRate(threads: 1), scheme: request.scheme)
    progress(Progress(stage, 1, of: 4, detail: "reading weights"))
    rate.bytes = measuredByteRate()
    progress(Progress(stage, 2, of: 4, detail: "passing text"))
    rate.passes = try measuredPassRate(configuration, request)
    progress(Progress(stage, 3, of: 4, detail: "quantizing layers"))
    (rate.solving, rate.searching) = try measuredLayerRates(configuration, request, rate)
    progress(Progress(stage, 4, of: 4))
    return rate
}

/// Bytes a second: weights are hashed once and decoded twice.
private func measuredByteRate() -> Double {
    let halves = (0..<1 << 23).map { UInt16(truncatingIfNeeded: $0) }
    let start = ProcessTime().cpu
    _ = Digest(of: halves)
    let hashed = ProcessTime().cpu
    var sum: Float = 0
    let floats = halves.map(Half.widen)
    for value in floats where value.isFinite { sum += value }
    let decoded = ProcessTime().cpu
    let seconds = (hashed - start) + 2 * (decoded - hashed) + (sum.isNaN ? 1 : 0)
    return 3 * Double(2 * halves.count) / max(seconds, 1e-9)
}

/// Operations a second of the passes, as they are counted.
private func measuredPassRate(_ original: ModelConfiguration, _ request: QuantizationRequest) throws
    -> Double
{
    let source = MadeUpBlock(like: original)
    let length = max(2, min(request.sequenceLength, original.contextLength, 2048))
    var generator = SeededGenerator(seed: 2)
    let sequences = (0..<max(1, 2048 / length)).map { _ in
        (0..<length).map { _ in Int(generator.next() % 256) }
    }
    var quantizer = ModelQuantizer(
        configuration: source.configuration,
        scheme: request.scheme,
        options: LayerQuantizerOptions(),
        threads: request.threads
    )
    quantizer.targets = .independent
    quantizer.precision = request.precision
    let tokens = sequences.reduce(0) { $0 + $1.count }
    let work = quantizer.costPlan(tokens: tokens, effort: .quick).passes
    var best = Double.infinity
    for _ in 0..<3 {
        let start = ProcessTime().cpu
        try quantizer.passSlice(
            quantizer.slices(of: sequences)[0],
            of: sequences,
            source: source,
            storage: ActivationMemory()
        ) { _, _, _ in }
        best = min(best, ProcessTime().cpu - start)
    }
    return work / max(best, 1e-9)
}

/// Operations a second of the products and the searches of layers, as ``LayerWork`` counts them.
private func measuredLayerRates(
    _ configuration: ModelConfiguration,
    _ request: QuantizationRequest,
    _ rate: MachineRate
) throws -> (solving: Double, searching: Double) {
    let shapes = benchmarkShapes(configuration, request, rate)
    let copies = max(1, min(request.threads, 8))
    var rows: [(products: Double, searches: Double, seconds: Double)] = []
    for (outputs, inputs) in shapes {
        let (weight, hessian) = madeUpLayer(outputs: outputs, inputs: inputs, seed: 7)
        let metric = try InputMetric(hessian: hessian, groupSize: request.scheme.groupSize)
        let options = LayerQuantizerOptions(effort: request.effort, seed: UInt64(request.seed))
        let work = LayerWork(
            scheme: request.scheme,
            outputs: outputs,
            inputs: inputs,
            options: options
        )
        setBLASThreads(1)
        let start = ProcessTime().cpu
        let results = parallelMap(copies, threads: copies) { _ in
            Result {
                _ = try quantize(
                    weight: weight,
                    metric: metric,
                    scheme: request.scheme,
                    options: options
                )
            }
        }
        let seconds = (ProcessTime().cpu - start) / Double(copies)
        for result in results { try result.get() }
        rows.append((work.products, work.searches, seconds))
    }
    return layerRates(rows)
}

/// The rates of products and searches that explain what layers took; one rate for both where two would not make sense.
func layerRates(_ rows: [(products: Double, searches: Double, seconds: Double)])
    -> (solving: Double, searching: Double)
{
    let seconds = rows.reduce(0) { $0 + $1.seconds }
    let all = rows.reduce(0) { $0 + $1.products + $1.searches } / max(seconds, 1e-9)
    guard rows.count == 2 else { return (all, all) }
    let (a, b) = (rows[0], rows[1])
    let determinant = a.products * b.searches - b.products * a.searches
    guard abs(determinant) > 0 else { return (all, all) }
    let solving = (a.seconds * b.searches - b.seconds * a.searches) / determinant
    let searching = (a.products * b.seconds - b.products * a.seconds) / determinant
    // Noise may ask for a negative time, or for one that no machine is fast enough for.
    guard solving > 0.1 / all, searching > 0.1 / all else { return (all, all) }
    return (1 / solving, 1 / searching)
}

/// Two shapes of layers: of the model's narrowest and widest inputs, as far as a minute suffices for them.
private func benchmarkShapes(
    _ configuration: ModelConfiguration,
    _ request: QuantizationRequest,
    _ rate: MachineRate
) -> [(outputs: Int, inputs: Int)] {
    let linears = (0..<configuration.layerCount).flatMap(configuration.linears(inLayer:))
        .map { $0.shape(in: configuration) }
    let group = request.scheme.groupSize
    func rounded(_ inputs: Int) -> Int { max(group, inputs / group * group) }
    let narrow = rounded(min(linears.map(\.inputs).min() ?? 512, 512 + 64))
    let wide = rounded(max(min(linears.map(\.inputs).max() ?? 2048, 2048), 2 * narrow))
    var outputs = min(linears.map(\.outputs).max() ?? 1024, 1024)
    func seconds(_ inputs: Int) -> Double {
        let work = LayerWork(
            scheme: request.scheme,
            outputs: outputs,
            inputs: inputs,
            options: LayerQuantizerOptions(effort: request.effort)
        )
        return work.products / rate.solving + work.searches / rate.searching
    }
    while outputs > 128, seconds(narrow) + seconds(wide) > 40 { outputs /= 2 }
    return [(outputs, narrow), (outputs, wide)]
}
