import OctavoNumerics

/// The tokens that a rule leaves.
struct FilteredTokens {
    /// The likeliest of all.
    var likeliest: Int
    /// For each token how likely it is beside the likeliest one, which has 1; 0 for what is dropped.
    ///
    /// Nil where the rule takes the likeliest without drawing.
    var weights: [Float]?
}

extension SamplingRule {
    /// Filters the logits of the token behind a text.
    ///
    /// - Parameters:
    ///   - logits: One for each token of the vocabulary.
    ///   - text: The tokens so far, each of the vocabulary.
    /// - Returns: What is left to draw from.
    /// - Throws: `.notFinite`.
    func filtered(_ logits: [Float], after text: [Int]) throws(SamplingError) -> FilteredTokens {
        var scores = logits
        penalize(&scores, in: text)
        let wrong = scores.reduce(0) { $0 + ($1.isFinite ? 0 : 1) }
        guard wrong == 0 else { throw .notFinite(count: wrong) }
        let likeliest = indexOfLargest(scores.span)
        // A temperature too small to divide by makes everything but the likeliest vanish.
        let inverse = Float(1 / temperature)
        guard inverse.isFinite else { return FilteredTokens(likeliest: likeliest) }
        let largest = scores[likeliest]
        for index in scores.indices { scores[index] = (scores[index] - largest) * inverse }
        var weights = exponentials(of: scores)
        if let topK, let least = leastOfTop(topK, of: scores) {
            for index in weights.indices where scores[index] < least { weights[index] = 0 }
        }
        if topP < 1 { keepTop(share: topP, of: &weights) }
        // The likeliest has exp(0) = 1.
        let least = Float(minP)
        if least > 0 {
            for index in weights.indices where weights[index] < least { weights[index] = 0 }
        }
        return FilteredTokens(likeliest: likeliest, weights: weights)
    }

    private func penalize(_ scores: inout [Float], in text: [Int]) {
        guard repetitionPenalty != 1 else { return }
        let penalty = Float(repetitionPenalty)
        // A token counts once, however often it is there.
        for token in Set(text.suffix(repetitionWindow ?? text.count)) {
            precondition(scores.indices.contains(token))
            scores[token] = scores[token] < 0 ? scores[token] * penalty : scores[token] / penalty
        }
    }
}

/// The least of the `count` largest scores, at least 1; nil if there are no more than that.
private func leastOfTop(_ count: Int, of scores: [Float]) -> Float? {
    guard count < scores.count else { return nil }
    guard count <= 256 else { return scores.sorted(by: >)[count - 1] }
    // Most scores are below the least so far, so few are ever moved.
    var top: [Float] = []
    for score in scores {
        if top.count == count {
            guard score > top[0] else { continue }
            top.removeFirst()
        }
        top.insert(score, at: top.firstIndex { $0 >= score } ?? top.count)
    }
    return top.first
}

/// Lets the largest weights stand that together have a share of the sum, at least one; the others become 0.
///
/// What is dropped weighs together at most what the share leaves; of equal weights the later are dropped first.
private func keepTop(share: Double, of weights: inout [Float]) {
    let budget = (1 - share) * weights.reduce(0.0) { $0 + Double($1) }
    // All below this weigh together at most the budget: only the rest is worth sorting.
    let small = budget / Double(weights.count)
    var dropped = 0.0
    var rest: [Int] = []
    for (index, weight) in weights.enumerated() {
        if Double(weight) <= small {
            dropped += Double(weight)
            weights[index] = 0
        } else {
            rest.append(index)
        }
    }
    rest.sort { (weights[$0], $1) < (weights[$1], $0) }
    for index in rest.dropLast() {
        dropped += Double(weights[index])
        guard dropped <= budget else { break }
        weights[index] = 0
    }
}
