import OctavoBase
import OctavoModel
import OctavoQuantizer
import OctavoTestSupport
import Synchronization

/// A tiny model in memory, in which linears may be replaced.
struct TinySource: WeightSource {
    struct Missing: Error { let name: String }

    let configuration: ModelConfiguration
    var layers: [String: AdditiveLayer] = [:]
    private var tensors: [String: (shape: [Int], values: [Float])]

    init(_ model: TinyModel) throws {
        configuration = try ModelConfiguration(json: model.config)
        tensors = model.tensors
    }

    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        guard let tensor = tensors[name] else { throw Missing(name: name) }
        return (tensor.shape, tensor.values)
    }

    func additiveLayer(_ name: String) throws -> AdditiveLayer? { layers[name] }

    /// The same with what a run made of it.
    func folded(_ journal: MemoryJournal) -> TinySource {
        var folded = self
        folded.layers = journal.linears.mapValues(\.layer)
        for (block, tuned) in journal.tuned {
            for (name, layer) in tuned.layers { folded.layers[name.path(layer: block)] = layer }
            for (name, weight) in tuned.norms {
                guard let path = name.path(layer: block, in: configuration) else { continue }
                folded.tensors[path] = (name.shape(in: configuration), weight)
            }
        }
        if let norm = journal.finalNorm() {
            folded.tensors["model.norm.weight"] = ([norm.weights.count], norm.weights)
        }
        return folded
    }

    /// Text of random tokens.
    func sequences(_ count: Int, length: Int, seed: UInt64 = 0) -> [[Int]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            (0..<length).map { _ in
                Int.random(in: 0..<configuration.vocabularySize, using: &generator)
            }
        }
    }
}

/// Keeps linears in memory, and remembers in which order they came.
final class MemoryJournal: QuantizationJournal {
    private struct State {
        var linears: [String: QuantizedLinear] = [:]
        var tuned: [Int: TunedParameters] = [:]
        var finalNorm: FinalNorm?
        var order: [String] = []
    }

    private let state = Mutex(State())

    init(_ linears: [String: QuantizedLinear] = [:], tuned: [Int: TunedParameters] = [:]) {
        state.withLock { ($0.linears, $0.tuned) = (linears, tuned) }
    }

    var tuned: [Int: TunedParameters] { state.withLock { $0.tuned } }

    var linears: [String: QuantizedLinear] { state.withLock { $0.linears } }
    /// The paths of what this journal was given to keep.
    var order: [String] { state.withLock { $0.order } }

    func linear(_ name: LinearName, block: Int) throws -> QuantizedLinear? {
        state.withLock { $0.linears[name.path(layer: block)] }
    }

    func keep(_ linear: QuantizedLinear, _ name: LinearName, block: Int) throws {
        state.withLock {
            $0.linears[name.path(layer: block)] = linear
            $0.order.append(name.path(layer: block))
        }
    }

    func tunedParameters(block: Int) throws -> TunedParameters? {
        state.withLock { $0.tuned[block] }
    }

    func keep(_ tuned: TunedParameters, block: Int) throws {
        state.withLock {
            $0.tuned[block] = tuned
            $0.order.append("model.layers.\(block).tuned")
        }
    }

    func finalNorm() -> FinalNorm? { state.withLock { $0.finalNorm } }

    func keep(_ norm: FinalNorm) throws {
        state.withLock {
            $0.finalNorm = norm
            $0.order.append("model.norm")
        }
    }
}
