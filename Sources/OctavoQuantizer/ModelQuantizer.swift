public import OctavoModel
import OctavoNumerics
import Synchronization

/// A linear after quantization, and how well it came out.
public struct QuantizedLinear: Sendable, Equatable {
    /// Its codes, codebooks and scales.
    public let layer: AdditiveLayer
    /// tr(ΔHΔᵀ)/tr(WHWᵀ) on the calibration text.
    ///
    /// Single precision is plenty, and a journal keeps it exactly.
    public let relativeLoss: Float

    /// Puts a result together again, from a journal.
    public init(layer: AdditiveLayer, relativeLoss: Float) {
        self.layer = layer
        self.relativeLoss = relativeLoss
    }
}

/// The seven linears of a block after quantization.
public typealias QuantizedBlock = [LinearName: QuantizedLinear]

/// Keeps blocks that are done, so that no block is computed twice.
public protocol QuantizationJournal {
    /// The block that an earlier run finished, or nil.
    func block(_ index: Int) throws -> QuantizedBlock?
    /// Keeps a finished block; once this returns, the block must survive the end of the process.
    func finish(_ block: QuantizedBlock, index: Int) throws
}

/// Says that a linear is done.
public struct LinearProgress: Sendable {
    /// The block's index and the linear's name within it.
    public let block: Int
    /// Its name within the block.
    public let linear: LinearName
    /// Its loss; nil for a linear that the journal gave back.
    public let relativeLoss: Float?
}

/// A linear, or an input that linears share, that could not be quantized.
public struct LinearQuantizationError: Error, Sendable, CustomStringConvertible {
    /// Which, as in `model.layers.3.mlp.up_proj`.
    public let path: String
    /// What was wrong with it.
    public let cause: QuantizationError

    /// As a sentence.
    public var description: String { "\(path): \(cause)" }
}

/// Quantizes a whole model, a block at a time, each on the outputs of the quantized blocks before it.
///
/// Data flow: the calibration tokens' residual stream goes into a block; its inputs at four sites
/// become Hessians; the seven linears are quantized against them, on as many threads as there are;
/// the quantized block turns the stream into the next block's input. One block of weights is resident
/// at a time, and the stream: `tokens · hidden` floats.
/// As in the AQLM authors' code, a block's input comes from the quantized blocks before it, and the four
/// inputs inside it from the block before its own quantization.
public struct ModelQuantizer: Sendable {
    /// The architecture.
    public var configuration: ModelConfiguration
    /// How weights become codes.
    public var scheme: Scheme
    /// How much work a layer is worth.
    public var options: LayerQuantizerOptions
    /// The threads that take part.
    ///
    /// Products differ in their last bits with their number.
    public var threads: Int
    /// How many tokens go through a block at a time.
    public var batchTokens = 4096

    /// Prepares a run.
    public init(
        configuration: ModelConfiguration,
        scheme: Scheme,
        options: LayerQuantizerOptions,
        threads: Int
    ) {
        self.configuration = configuration
        self.scheme = scheme
        self.options = options
        self.threads = threads
    }

    /// Quantizes every block that the journal does not have.
    ///
    /// - Parameters:
    ///   - source: The original weights.
    ///   - sequences: The calibration text, each sequence by itself.
    ///   - journal: Gives back finished blocks and takes new ones.
    ///   - progress: Told of each linear, from any thread.
    /// - Throws: ``LinearQuantizationError``, and what the source and the journal throw.
    public func run(
        source: some WeightSource,
        sequences: [[Int]],
        journal: some QuantizationJournal,
        progress: @escaping @Sendable (LinearProgress) -> Void = { _ in }
    ) throws {
        setBLASThreads(threads)
        let ends = try ModelEnds(configuration: configuration, from: source)
        var batches = try batches(of: sequences, ends)
        let rotary = configuration.rotaryTable(positions: sequences.map(\.count).max() ?? 0)
        for index in 0..<configuration.layerCount {
            var block = try DecoderBlock(configuration: configuration, layer: index, from: source)
            let quantized: QuantizedBlock
            if let finished = try journal.block(index) {
                quantized = finished
                for name in LinearName.allCases {
                    progress(LinearProgress(block: index, linear: name, relativeLoss: nil))
                }
            } else {
                let metrics = try metrics(of: block, index, batches, rotary)
                quantized = try quantize(block, index, metrics, progress)
                try journal.finish(quantized, index: index)
            }
            // Dense again: every token passes through, and a product with a matrix is fastest then.
            for (name, linear) in quantized { block[name] = .dense(linear.layer.dequantized()) }
            for i in batches.indices {
                block.forward(
                    &batches[i].hidden,
                    layout: batches[i].layout,
                    rotary: rotary,
                    execution
                )
            }
        }
    }

    private var execution: Execution { Execution(threads: threads) }

    /// Some sequences and their residual stream.
    private struct Batch {
        var hidden: Matrix
        var layout: BatchLayout
    }

    /// Groups sequences so that each batch has about `batchTokens` tokens.
    private func batches(of sequences: [[Int]], _ ends: ModelEnds) throws -> [Batch] {
        var batches: [Batch] = []
        var group: [[Int]] = []
        func flush() throws {
            guard !group.isEmpty else { return }
            batches.append(
                Batch(
                    hidden: try ends.embed(group.flatMap(\.self)),
                    layout: BatchLayout(lengths: group.map(\.count))
                )
            )
            group = []
        }
        for sequence in sequences {
            group.append(sequence)
            if group.reduce(0, { $0 + $1.count }) >= batchTokens { try flush() }
        }
        try flush()
        return batches
    }

    /// What each site's input says about errors in the weights that multiply it.
    private func metrics(
        of block: DecoderBlock,
        _ index: Int,
        _ batches: [Batch],
        _ rotary: RotaryTable
    ) throws -> [InputSite: InputMetric] {
        var accumulators: [InputSite: HessianAccumulator] = [:]
        for site in InputSite.allCases {
            accumulators[site] = HessianAccumulator(inputs: site.width(in: configuration))
        }
        for batch in batches {
            var hidden = batch.hidden
            var failure: (any Error)?
            block.forward(&hidden, layout: batch.layout, rotary: rotary, execution) { site, input in
                do { try accumulators[site]?.add(input) } catch { failure = error }
            }
            if let failure { throw failure }
        }
        let collected = accumulators
        let sites = InputSite.allCases
        return try inParallel(sites.count) { i throws(LinearQuantizationError) in
            guard let accumulator = collected[sites[i]] else {
                preconditionFailure("all sites are there")
            }
            do throws(QuantizationError) {
                let hessian = try accumulator.mean()
                return (sites[i], try InputMetric(hessian: hessian, groupSize: scheme.groupSize))
            } catch {
                throw LinearQuantizationError(
                    path: "model.layers.\(index), \(sites[i].rawValue)",
                    cause: error
                )
            }
        }
    }

    /// Quantizes the linears of a block, the costliest first so that no thread is left with them.
    private func quantize(
        _ block: DecoderBlock,
        _ index: Int,
        _ metrics: [InputSite: InputMetric],
        _ progress: @escaping @Sendable (LinearProgress) -> Void
    ) throws -> QuantizedBlock {
        func cost(_ name: LinearName) -> Int {
            let (outputs, inputs) = name.shape(in: configuration)
            return outputs * inputs * inputs
        }
        let names = LinearName.allCases.sorted { cost($0) > cost($1) }
        return try inParallel(names.count) { i throws(LinearQuantizationError) in
            let name = names[i]
            let path = name.path(layer: index)
            guard let metric = metrics[name.site] else {
                preconditionFailure("a site has a metric")
            }
            do throws(QuantizationError) {
                let (layer, report) = try OctavoQuantizer.quantize(
                    weight: block[name].weight,
                    metric: metric,
                    scheme: scheme,
                    options: options
                )
                let loss = Float(report.relativeLoss)
                progress(LinearProgress(block: index, linear: name, relativeLoss: loss))
                return (name, QuantizedLinear(layer: layer, relativeLoss: loss))
            } catch {
                throw LinearQuantizationError(path: path, cause: error)
            }
        }
    }

    /// Computes members of a dictionary on all threads, each with BLAS on one thread of its own.
    private func inParallel<Key: Hashable & Sendable, Value: Sendable>(
        _ count: Int,
        _ member: @Sendable (Int) throws(LinearQuantizationError) -> (Key, Value)
    ) throws -> [Key: Value] {
        setBLASThreads(1)
        defer { setBLASThreads(threads) }
        let results = Mutex<[Int: Result<(Key, Value), LinearQuantizationError>]>([:])
        parallel(count, threads: threads) { i in
            let result = Result { () throws(LinearQuantizationError) in try member(i) }
            results.withLock { $0[i] = result }
        }
        var members: [Key: Value] = [:]
        for (_, result) in results.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            let (key, value) = try result.get()
            members[key] = value
        }
        return members
    }
}
