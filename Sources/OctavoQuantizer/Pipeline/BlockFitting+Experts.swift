import OctavoModel
import OctavoNumerics

/// Experts on their way from weights to codes.
///
/// Each is fitted to the tokens that pass it in the model as it comes out, and to what the original expert
/// makes of the same tokens in the original model: not to what the stream lacks, to which several experts
/// add. One expert's statistics are in memory at a time.
extension BlockFitting {
    /// Quantizes the experts of the block, one after the other; afterwards both streams are behind it.
    mutating func fitExperts(_ count: Int) throws {
        progress(.stage(.passes))
        try streams.forEachBatch { try addAttention($0) }
        let routes = try routes(count)
        for expert in 0..<count {
            for site in [InputSite.feedForwardInput, .feedForwardOutput] {
                let linears = original.linearNames.filter {
                    $0.expertIndex == expert && $0.site == site
                }
                try fit(linears) { fitting, isNeeded in
                    guard isNeeded else { return nil }
                    return try fitting.statistics(of: expert, site, routes[expert])
                }
            }
        }
        progress(.stage(.passes))
        try streams.forEachBatch { batch in
            try streams.update(.quantized, batch) { hidden in
                let y = folded.feedForwardInput(try feedForwardStream(hidden, batch), execution)
                folded.addExperts(of: y, to: &hidden, execution)
            }
            guard followsOriginal else { return }
            try streams.update(.original, batch) { goal in
                let stream = try originalFeedForwardStream(goal, batch)
                let y = original.feedForwardInput(stream, execution)
                original.addExperts(of: y, to: &goal, execution)
            }
        }
    }

    /// For each expert the tokens that it is fitted to, batch by batch: those that pass it; or all, if
    /// none does.
    ///
    /// Experts that few tokens pass are told of.
    private func routes(_ count: Int) throws -> [[ExpertTokens]] {
        var routes = [[ExpertTokens]](repeating: [], count: count)
        try streams.forEachBatch { batch in
            let hidden = try streams.matrix(.quantized, batch)
            let y = folded.feedForwardInput(try feedForwardStream(hidden, batch), execution)
            for (expert, tokens) in folded.routes(y).enumerated() { routes[expert].append(tokens) }
        }
        for expert in 0..<count {
            let linears = original.linearNames.filter {
                $0.expertIndex == expert && quantizer.isQuantized($0, block: index)
            }
            let use = ExpertUse(
                block: index,
                expert: expert,
                tokens: routes[expert].reduce(0) { $0 + $1.rows.count },
                inputs: linears.map { $0.shape(in: quantizer.configuration).inputs }.max() ?? 0
            )
            if use.tokens < use.inputs { progress(.rareExpert(use)) }
            guard use.tokens == 0 else { continue }
            routes[expert] = streams.batches.map { batch in
                ExpertTokens(
                    rows: Array(batch.tokens.indices),
                    weights: [Float](repeating: 1, count: batch.tokens.count)
                )
            }
        }
        return routes
    }

    /// What an expert's linears are fitted to at one of its sites.
    private func statistics(
        of expert: Int,
        _ site: InputSite,
        _ routes: [ExpertTokens]
    ) throws -> SiteStatistics {
        let configuration = quantizer.configuration
        var statistics = SiteStatistics(
            expertInputs: site == .feedForwardInput
                ? configuration.hiddenSize : configuration.experts?.intermediateSize ?? 0,
            hasTargets: followsOriginal,
            execution
        )
        try streams.forEachBatch { batch in
            let tokens = routes[batch.index]
            guard !tokens.rows.isEmpty else { return }
            let hidden = try streams.matrix(.quantized, batch)
            var input = folded.feedForwardInput(try feedForwardStream(hidden, batch), execution)
                .gathered(rows: tokens.rows)
            guard followsOriginal else {
                if site == .feedForwardOutput {
                    input = folded.gated(input, expert: expert, execution)
                }
                return try statistics.add(input, lack: nil)
            }
            let goal = try streams.matrix(.original, batch)
            let stream = try originalFeedForwardStream(goal, batch)
            var target: Matrix? = original.feedForwardInput(stream, execution)
                .gathered(rows: tokens.rows)
            if site == .feedForwardOutput {
                input = folded.gated(input, expert: expert, execution)
                target = target.map { original.gated($0, expert: expert, execution) }
                // What the stream gets of an expert is multiplied by the token's weight.
                input.scaleRows(by: tokens.weights)
                target?.scaleRows(by: tokens.weights)
                weigh(&input, &target, by: goal.gathered(rows: tokens.rows))
            }
            try statistics.add(input, lack: target.map { difference($0, input) })
        }
        return statistics
    }
}
