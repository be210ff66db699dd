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
        fileprivate var linears = 0
        fileprivate var work = 0
    }

    private let state = Mutex(History())
    private let quantizer: ModelQuantizer
    private let times: StageTimes
    private let handler: ProgressHandler

    init(_ quantizer: ModelQuantizer, _ times: StageTimes, _ handler: @escaping ProgressHandler) {
        self.quantizer = quantizer
        self.times = times
        self.handler = handler
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
        case .linear(let name, let block, let relativeLoss):
            let configuration = quantizer.configuration
            let history = state.withLock { state in
                state.linears += 1
                state.work += weights(of: name)
                if relativeLoss == nil { state.kept[block, default: 0] += 1 }
                return state
            }
            let all = configuration.layerCount * configuration.linears.count
            handler(
                Progress(
                    "quantizing",
                    history.linears,
                    of: all - quantizer.unquantized.count,
                    // Time goes with the number of weights, and linears differ much in it.
                    work: Double(history.work) / Double(max(1, allWeights)),
                    layer: Progress.Layer(
                        block: block,
                        blocks: configuration.layerCount,
                        name: name.rawValue,
                        relativeLoss: relativeLoss
                    )
                )
            )
        }
    }

    /// The weights of all linears that are quantized.
    private var allWeights: Int {
        (0..<quantizer.configuration.layerCount).reduce(0) { sum, block in
            quantizer.configuration.linears.reduce(sum) { sum, name in
                let isDense = quantizer.unquantized.contains(name.path(layer: block))
                return isDense ? sum : sum + weights(of: name)
            }
        }
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
        }
    }
}
