import OctavoBase
import OctavoModel
import OctavoNumerics

// The V step. (PV-Tuning, section 3.2 and algorithm 2: a step in a subspace of few groups.)
extension TunableLinear {
    /// Gives away what codes come near to, before a step.
    mutating func takeGoal(_ options: TuningOptions, threads: Int) -> StraightThroughBuffer {
        guard var goal = buffer.take() else {
            return StraightThroughBuffer(weights(threads: threads))
        }
        if options.straightThrough == .none || goal.weights.elements.isEmpty {
            goal.weights = weights(threads: threads)
        }
        return goal
    }

    /// Moves a goal against the gradient of the weights, and chooses codes anew that come near to it.
    ///
    /// - Returns: How many groups have other codes now.
    mutating func stepCodes(
        _ weightGradient: Matrix,
        from goal: consuming StraightThroughBuffer,
        _ options: TuningOptions,
        rate: Float,
        threads: Int
    ) -> Int {
        goal.step(weightGradient, rate: rate, threads: threads)
        let changed = recode(towards: goal.weights, options, threads: threads)
        if options.straightThrough == .none { goal.weights = Matrix(rows: 0, columns: 0) }
        buffer = goal
        return changed
    }

    /// Gives the groups that are farthest from a goal the codes that come nearest to it.
    private mutating func recode(
        towards goal: Matrix,
        _ options: TuningOptions,
        threads: Int
    ) -> Int {
        let weights = weights(threads: threads)
        let distances = groupDistances(goal, weights, size: indices.size, threads: threads)
        let most = Int((options.codeShare * Double(distances.count)).rounded(.up))
        let chosen = indicesOfLargest(distances, count: most)
        let old = indices.codes
        var codes = nearestCodes(to: goal, of: chosen, beam: options.beam, threads: threads)
        if let ratio = options.trustRatio {
            let bound = ratio * ratio * rowDots(weights, weights).reduce(0, +)
            let changes = groupDistances(
                indices.recoded(codes).weights(
                    codebooks: codebooks.values,
                    scales: scales.values,
                    threads: threads
                ),
                weights,
                size: indices.size,
                threads: threads
            )
            // A group that keeps its codes takes no place among those that may change.
            let farthest = chosen.filter { changes[$0] > 0 }
                .sorted { (distances[$0], $1) > (distances[$1], $0) }
            for group in farthest.dropFirst(prefix(farthest, changes, bound)) {
                for at in range(group) { codes[at] = old[at] }
            }
        }
        let changed = chosen.count { group in range(group).contains { codes[$0] != old[$0] } }
        indices = indices.recoded(codes)
        return changed
    }

    /// How many groups change the weights by no more than a bound together: at least one.
    private func prefix(_ groups: [Int], _ changes: [Float], _ bound: Double) -> Int {
        var sum = 0.0
        for (count, group) in groups.enumerated() {
            sum += Double(changes[group])
            if count > 0, sum > bound { return count }
        }
        return groups.count
    }

    /// The places of a group's codes.
    private func range(_ group: Int) -> Range<Int> {
        group * indices.codebooks..<(group + 1) * indices.codebooks
    }

    /// All codes, those of some groups chosen anew: by a beam over the codebooks, or as they are if that
    /// finds no better ones.
    private func nearestCodes(
        to goal: Matrix,
        of groups: [Int],
        beam: Int,
        threads: Int
    ) -> [UInt16] {
        let (count, size, perRow) = (indices.codebooks, indices.size, indices.groups)
        var books = Codebooks(count: count, entries: indices.entries, size: size)
        books.vectors.elements = codebooks.values
        var search = CodeSearch(books, beam: beam)
        search.setMetric(.identity(size), Block(rows: 0..<size, columns: 0..<size))
        let (ready, scales, old) = (search, scales.values, indices.codes)
        let piece = 1024
        let parts = parallelMap((groups.count + piece - 1) / piece, threads: threads) { index in
            let groups = groups[index * piece..<min(groups.count, (index + 1) * piece)]
            var slopes = Matrix(rows: groups.count, columns: size)
            var codes: [UInt16] = []
            for (row, group) in groups.enumerated() {
                let scale = scales[group / perRow]
                // A row of scale zero has no weights to come near to.
                let factor = scale == 0 ? 0 : -2 / scale
                for i in 0..<size { slopes[row, i] = factor * goal.elements[group * size + i] }
                codes += old[range(group)]
            }
            ready.findCodes(slopes, keeping: true, into: &codes)
            return codes
        }
        var codes = old
        for (place, group) in groups.enumerated() {
            let at = place % piece * count
            codes.replaceSubrange(range(group), with: parts[place / piece][at..<at + count])
        }
        return codes
    }
}

extension Matrix {
    fileprivate static func identity(_ size: Int) -> Matrix {
        var matrix = Matrix(rows: size, columns: size)
        for i in 0..<size { matrix[i, i] = 1 }
        return matrix
    }
}
