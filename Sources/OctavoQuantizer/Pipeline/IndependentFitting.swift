import OctavoModel

/// Quantizes the linears of a block from the moments of the original model's inputs, which do not depend on what
/// became of any other block.
struct IndependentFitting<Journal: QuantizationJournal> {
    let quantizer: ModelQuantizer
    let index: Int
    let original: DecoderBlock
    let journal: Journal
    let progress: @Sendable (QuantizationEvent) -> Void

    /// The inputs that linears take which the journal does not have; those that it has are told of.
    func missingInputs() throws -> [BlockInput] {
        var missing: [BlockInput] = []
        for input in quantizer.inputs(ofBlock: index) {
            let names = names(input)
            let kept = try names.filter { try journal.linear($0, block: index) != nil }
            for name in kept { progress(.linear(name, block: index, relativeLoss: nil)) }
            if kept.count < names.count { missing.append(input) }
        }
        return missing
    }

    /// Quantizes what takes an input and is not in the journal.
    ///
    /// - Parameters:
    ///   - input: The input.
    ///   - moments: The sum over all slices.
    /// - Throws: ``LinearQuantizationError``, or what the journal throws.
    func fit(_ input: BlockInput, _ moments: MomentSum) throws {
        let linears = quantizer.linears(input, block: index)
        if let expert = input.expert, input.site == .feedForwardInput {
            tellUse(of: expert, tokens: moments.passing)
        }
        progress(.stage(.quantizing))
        let fitting = SiteFitting(
            quantizer: quantizer,
            block: index,
            original: original,
            linears: linears,
            statistics: SiteStatistics(moments.sum),
            journal: journal,
            progress: progress
        )
        _ = try fitting.quantize(
            names(input).filter { try journal.linear($0, block: index) == nil }
        )
    }

    private func names(_ input: BlockInput) -> [LinearName] {
        quantizer.linears(input, block: index).filter { quantizer.isQuantized($0, block: index) }
    }

    private func tellUse(of expert: Int, tokens: Int) {
        let linears = quantizer.configuration.linears(inLayer: index).filter {
            $0.expertIndex == expert && quantizer.isQuantized($0, block: index)
        }
        let widest = linears.map { $0.shape(in: quantizer.configuration).inputs }.max() ?? 0
        guard tokens < widest else { return }
        progress(
            .rareExpert(ExpertUse(block: index, expert: expert, tokens: tokens, inputs: widest))
        )
    }
}

/// The moments of one input over all slices, added up in their order.
public struct MomentSum: Sendable {
    /// The sum that counts.
    private(set) var sum: HessianAccumulator
    /// How many tokens pass the input by themselves.
    public private(set) var passing = 0

    /// Starts with nothing.
    public init(inputs: Int) { sum = HessianAccumulator(inputs: inputs) }

    /// Adds the next slice.
    ///
    /// What stands in for tokens of an expert counts only as long as there are none.
    ///
    /// - Throws: ``QuantizationError/inputsDiffer(_:found:expected:)``.
    public mutating func add(_ slice: InputMoments) throws(QuantizationError) {
        if slice.isSubstitute {
            if passing == 0 { try sum.add(slice) }
            return
        }
        if passing == 0, sum.tokens > 0 { sum = HessianAccumulator(inputs: sum.inputs) }
        try sum.add(slice)
        passing += slice.tokens
    }
}
