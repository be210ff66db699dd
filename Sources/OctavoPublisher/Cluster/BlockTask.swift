import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoQuantizer
import Synchronization

extension TaskContext {
    /// Quantizes the linears of a block from the moments of all slices.
    ///
    /// Each linear is kept as soon as it is done, so that a task that was killed goes on behind it.
    func quantizeBlock() throws {
        let block = task.index
        let folder = work.partial(task)
        try makeDirectory(folder)
        let journal = JournalFiles(
            path: folder,
            scheme: request.scheme,
            configuration: configuration
        )
        let slices = try plan.tasks(of: .hessian).map { try work.open($0) }
        let inputs = quantizer.inputs(ofBlock: block)
        let before = plan.blocks.prefix { $0 < block }
            .reduce(0) { $0 + quantizer.inputs(ofBlock: $1).count }
        let told = BlockProgress(self, block)
        try quantizer.quantizeBlock(
            block,
            source: source,
            journal: journal,
            progress: told.report
        ) { input in
            var sum = MomentSum(inputs: quantizer.width(of: input))
            let place = inputs.firstIndex(of: input) ?? 0
            for slice in slices {
                try sum.add(
                    slice.moments(
                        block: block,
                        place: place,
                        order: before + place,
                        width: quantizer.width(of: input)
                    )
                )
            }
            return sum
        }
        var tensors: [String: StoredValues] = [:]
        for name in quantizedLinears(of: block) {
            guard let linear = try journal.linear(name, block: block) else {
                throw ResumeError.damaged(folder)
            }
            tensors.merge(linear.tensors(name.path(layer: block) + ".")) { first, _ in first }
        }
        try keep(tensors, facts: .array(told.rareExperts.map(\.json)))
        try removeAll(folder)
    }

    /// The linears of a block that are quantized.
    func quantizedLinears(of block: Int) -> [LinearName] {
        configuration.linears(inLayer: block).filter {
            !quantizer.unquantized.contains($0.path(layer: block))
        }
    }
}

/// Turns what the quantizer says of one block into progress.
private final class BlockProgress: Sendable {
    private let state = Mutex<(linears: Int, experts: [ExpertUse])>((0, []))
    private let context: TaskContext
    private let block: Int
    private let total: Int

    init(_ context: TaskContext, _ block: Int) {
        self.context = context
        self.block = block
        total = context.quantizedLinears(of: block).count
    }

    var rareExperts: [ExpertUse] { state.withLock { $0.experts } }

    func report(_ event: QuantizationEvent) {
        switch event {
        case .rareExpert(let use): state.withLock { $0.experts.append(use) }
        case .linear(let name, _, let loss):
            let done = state.withLock { state in
                state.linears += 1
                return state.linears
            }
            context.progress(
                Progress(
                    "quantizing",
                    done,
                    of: total,
                    layer: Progress.Layer(
                        block: block,
                        blocks: context.configuration.layerCount,
                        name: name.rawValue,
                        relativeLoss: loss
                    )
                )
            )
        case .stage, .block, .finalNorm: break
        }
    }
}

extension ExpertUse {
    fileprivate var json: JSON {
        .object([
            "block": .integer(block), "expert": .integer(expert), "tokens": .integer(tokens),
            "inputs": .integer(inputs),
        ])
    }

    /// Reads what a block's task tells of an expert; nil for anything else.
    init?(_ json: JSON) {
        guard let block = json["block"]?.integer, let expert = json["expert"]?.integer,
            let tokens = json["tokens"]?.integer, let inputs = json["inputs"]?.integer
        else { return nil }
        self.init(block: block, expert: expert, tokens: tokens, inputs: inputs)
    }
}
