import OctavoBase
import OctavoModel
import OctavoNumerics
import Synchronization

/// Quantizes the linears that take one input, on as many threads as there are.
struct SiteFitting<Journal: QuantizationJournal>: Sendable {
    let quantizer: ModelQuantizer
    let block: Int
    let original: DecoderBlock
    /// All that take the input; at least one.
    let linears: [LinearName]
    let statistics: SiteStatistics
    let journal: Journal
    let progress: @Sendable (QuantizationEvent) -> Void

    /// Quantizes linears, the costliest first so that no thread is left with them, and keeps each as
    /// soon as it is done.
    func quantize(_ names: [LinearName]) throws -> [LinearName: QuantizedLinear] {
        setBLASThreads(quantizer.threads)
        defer { setBLASThreads(quantizer.execution.precision.blasThreads(of: quantizer.threads)) }
        let (metric, recovery): (InputMetric, Recovery?)
        do throws(QuantizationError) {
            metric = try statistics.metric(groupSize: quantizer.scheme.groupSize)
            recovery = try statistics.recovery()
        } catch {
            let path = "the input of \(linears[0].path(layer: block))"
            throw LinearQuantizationError(path: path, cause: error)
        }
        let names = names.sorted { size($0) > size($1) }
        let results = Mutex<[LinearName: Result<QuantizedLinear, any Error>]>([:])
        // Each on threads of its own, of which there may be several where there are few linears. The
        // number of threads of BLAS is the whole process's: what sets it may not run twice at once. All
        // of this decides last bits, so it must not depend on what an earlier run has done already.
        let atOnce = max(1, min(quantizer.threads, linears.count))
        let each = quantizer.threads / atOnce
        setBLASThreads(atOnce == 1 ? quantizer.threads : 1)
        parallel(names.count, threads: atOnce) { i in
            let result = Result { try quantize(names[i], metric, recovery, threads: each) }
            results.withLock { $0[names[i]] = result }
        }
        let found = results.withLock { $0 }
        // In order, so that of several failures the same one is told.
        var quantized: [LinearName: QuantizedLinear] = [:]
        for name in names { quantized[name] = try found[name]?.get() }
        return quantized
    }

    private func size(_ name: LinearName) -> Int {
        let (outputs, inputs) = name.shape(in: quantizer.configuration)
        return outputs * inputs
    }

    private func quantize(
        _ name: LinearName,
        _ metric: InputMetric,
        _ recovery: Recovery?,
        threads: Int
    ) throws -> QuantizedLinear {
        var options = quantizer.options
        options.threads = threads
        let linear: QuantizedLinear
        do throws(QuantizationError) {
            let (layer, report) = try OctavoQuantizer.quantize(
                weight: statistics.targetWeights(original[name].weight, recovery),
                metric: metric,
                scheme: quantizer.scheme,
                options: options
            )
            linear = QuantizedLinear(layer: layer, relativeLoss: Float(report.relativeLoss))
        } catch {
            throw LinearQuantizationError(path: name.path(layer: block), cause: error)
        }
        try journal.keep(linear, name, block: block)
        progress(.linear(name, block: block, relativeLoss: linear.relativeLoss))
        return linear
    }
}
