import OctavoModel

/// How much a quantization computes, known before it begins: in floating-point operations that large
/// products do in the same time, a multiplication and an addition as two.
public struct CostPlan: Sendable, Equatable {
    /// Passing the calibration text through all blocks, and the moments of their inputs; fitting the final
    /// norm.
    public let passes: Double
    /// Quantizing layers.
    public let quantizing: Double
    /// Tuning blocks.
    public let tuning: Double

    /// Everything.
    public var total: Double { passes + quantizing + tuning }
}

extension ModelQuantizer {
    /// Counts what a run computes.
    ///
    /// - Parameters:
    ///   - tokens: How many calibration tokens there are.
    ///   - effort: What the options stand for.
    /// - Returns: The plan.
    public func costPlan(tokens: Int, effort: Effort) -> CostPlan {
        var quantizing = 0.0
        var weights = 0.0
        for block in 0..<configuration.layerCount {
            for name in configuration.linears(inLayer: block) {
                let (outputs, inputs) = name.shape(in: configuration)
                weights += Double(outputs * inputs) * configuration.shareOfTokens(for: name)
                guard isQuantized(name, block: block) else { continue }
                quantizing += estimatedWork(
                    scheme: scheme,
                    outputs: outputs,
                    inputs: inputs,
                    effort: effort
                )
            }
            quantizing += directions(inLayer: block)
        }
        let streams = targets == .original ? 2.0 : 1.0
        let tokens = Double(tokens)
        // Products of tokens with weights take most of a pass; the rest of it, measured, a third as much.
        let pass = 2 * weights * tokens * 4 / 3
        // A pass, and two products for each on the way back.
        let tuning = (tuning.map { Double($0.epochs) } ?? 0) * 3 * pass
        return CostPlan(
            passes: streams * pass + moments * tokens + finalNorm(tokens: tokens),
            quantizing: quantizing,
            tuning: tuning
        )
    }

    /// The operations that fitting the final norm takes: the head of the original, that of the model, and back.
    private func finalNorm(tokens: Double) -> Double {
        guard targets == .original, tokens >= Double(FinalNormFitting.leastTokens) else { return 0 }
        let head = Double(configuration.vocabularySize * configuration.hiddenSize)
        return 6 * head * min(tokens, Double(FinalNormFitting.mostTokens))
    }

    /// The operations that a token takes in the moments of all blocks' inputs.
    private var moments: Double {
        (0..<configuration.layerCount).reduce(0) { $0 + moments(inLayer: $1) }
    }

    /// The operations that the directions of a block's inputs take, in which errors that came in are undone.
    ///
    /// Finding them goes with the cube of the inputs: as measured, at widths of 576 and 1536, 55 times.
    public func directions(inLayer layer: Int) -> Double {
        guard targets == .original else { return 0 }
        let experts = configuration.experts(inLayer: layer)
        return InputSite.allCases.reduce(0.0) { sum, site in
            let (width, isExperts) = inputs(of: site, experts)
            // And what the weights make of either half of the inputs.
            let fitsStream = !isExperts && site.fitsStream(in: configuration)
            let made = fitsStream ? 4 * Double(configuration.hiddenSize) * width * width : 0
            return sum + made
                + Double(isExperts ? experts?.count ?? 1 : 1) * 55 * width * width * width
        }
    }

    /// The operations that factoring the Hessians of a block takes, once for all linears that share an input: a Cholesky
    /// factor, its inverse, and the conditional Hessian of each group.
    public func metrics(inLayer layer: Int) -> Double {
        let experts = configuration.experts(inLayer: layer)
        return InputSite.allCases.reduce(0.0) { sum, site in
            let (width, isExperts) = inputs(of: site, experts)
            return sum + Double(isExperts ? experts?.count ?? 1 : 1) * 4 / 3 * width * width * width
        }
    }

    /// How many inputs a site has, and whether each expert has a site of its own there.
    private func inputs(
        of site: InputSite,
        _ experts: Experts?
    ) -> (width: Double, isExperts: Bool) {
        let isExperts = experts != nil && ![.attentionInput, .attentionOutput].contains(site)
        let width =
            isExperts && site == .feedForwardOutput
            ? experts?.intermediateSize ?? 0 : site.width(in: configuration)
        return (Double(width), isExperts)
    }

    private func moments(inLayer layer: Int) -> Double {
        let experts = configuration.experts(inLayer: layer)
        return InputSite.allCases.reduce(0.0) { sum, site in
            let (width, isExperts) = inputs(of: site, experts)
            let fitsStream = !isExperts && site.fitsStream(in: configuration)
            let other = fitsStream ? Double(configuration.hiddenSize) : width
            let times = isExperts ? Double(experts?.activeCount ?? 1) : 1
            // A triangle of inputs with inputs, and all of inputs with what is lacking.
            return sum
                + times * (width * width + (targets == .original ? 2 * width * other : 0))
        }
    }
}

extension ModelConfiguration {
    /// The share of all tokens that passes a linear.
    fileprivate func shareOfTokens(for name: LinearName) -> Double {
        guard name.expertIndex != nil, let experts else { return 1 }
        return Double(experts.activeCount) / Double(experts.count)
    }
}
