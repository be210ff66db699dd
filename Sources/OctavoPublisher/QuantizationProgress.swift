import OctavoModel
import OctavoQuantizer
import Synchronization

/// Turns what a quantizer says into progress of the whole, and keeps what the report tells of it.
final class QuantizationProgress: Sendable {
    /// What is remembered of a run.
    struct History {
        /// The error behind each block.
        var blocks: [QuantizationReport.Block] = []
        /// How many linears a journal gave back, by block.
        var kept: [Int: Int] = [:]
        /// The experts that few calibration tokens pass.
        var rareExperts: [ExpertUse] = []
        fileprivate var linears = 0
        fileprivate var work = 0
    }

    private let state = Mutex(History())
    /// The linears that are quantized, and their weights.
    private let all: (linears: Int, weights: Int)
    private let quantizer: ModelQuantizer
    private let times: StageTimes
    private let handler: ProgressHandler

    init(_ quantizer: ModelQuantizer, _ times: StageTimes, _ handler: @escaping ProgressHandler) {
        self.quantizer = quantizer
        self.times = times
        self.handler = handler
        let configuration = quantizer.configuration
        all = (0..<configuration.layerCount).reduce(into: (0, 0)) { all, block in
            for name in configuration.linears(inLayer: block)
            where !quantizer.unquantized.contains(name.path(layer: block)) {
                let (outputs, inputs) = name.shape(in: configuration)
                all.0 += 1
                all.1 += outputs * inputs
            }
        }
    }

    /// What was told so far.
    var history: History { state.withLock { $0 } }

    func report(_ event: QuantizationEvent) {
        switch event {
        case .stage(let stage): times.begin(stage.name)
        case .block(let index, let errors):
            state.withLock {
                $0.blocks.append(
                    QuantizationReport.Block(
                        index: index,
                        relativeError: errors.quantized,
                        tunedError: errors.tuned
                    )
                )
            }
        case .finalNorm(let steps, let count):
            handler(Progress("fitting the final norm", steps, of: count))
        case .rareExpert(let use):
            state.withLock { $0.rareExperts.append(use) }
            let found =
                use.tokens == 0
                ? "no calibration token passes" : "\(use.tokens) calibration tokens pass"
            handler(
                quantizing(
                    history,
                    note: "\(found) expert \(use.expert) of block \(use.block), expected at least "
                        + "\(use.inputs), as many as it has inputs"
                )
            )
        case .linear(let name, let block, let relativeLoss):
            let configuration = quantizer.configuration
            let history = state.withLock { state in
                state.linears += 1
                state.work += weights(of: name)
                if relativeLoss == nil { state.kept[block, default: 0] += 1 }
                return state
            }
            let layer = Progress.Layer(
                block: block,
                blocks: configuration.layerCount,
                name: name.rawValue,
                relativeLoss: relativeLoss
            )
            handler(quantizing(history, layer: layer))
        }
    }

    /// The state of the work.
    private func quantizing(
        _ history: History,
        layer: Progress.Layer? = nil,
        note: String? = nil
    ) -> Progress {
        Progress(
            "quantizing",
            history.linears,
            of: all.linears,
            // Time goes with the number of weights, and linears differ much in it.
            work: Double(history.work) / Double(max(1, all.weights)),
            layer: layer,
            note: note
        )
    }

    private func weights(of linear: LinearName) -> Int {
        let (outputs, inputs) = linear.shape(in: quantizer.configuration)
        return outputs * inputs
    }
}

extension QuantizationEvent.Stage {
    /// As the report calls it.
    fileprivate var name: String {
        switch self {
        case .passes: "passes of the calibration text"
        case .quantizing: "quantizing layers"
        case .tuning: "tuning blocks"
        case .finalNorm: "fitting the final norm"
        }
    }
}
