import OctavoBase
import OctavoModel
import OctavoNumerics

/// Finds codebooks to start from: k-means on the groups of weights over their row's norm, then on
/// what the entries chosen leave, for as many codebooks as there are.
///
/// Distances are those of each group's conditional metric, and a row counts by the square of its
/// norm: what is minimised is the loss of coding with error feedback, up to the feedback.
struct Clustering {
    private let problem: LayerProblem
    private let norms: [Float]
    private let weights: [Float]
    /// For each group the points: `[outputs, size]`.
    private var points: [Matrix]
    private var generator: SeededGenerator

    init(_ problem: LayerProblem) {
        self.problem = problem
        norms = rowDots(problem.weights, problem.weights).map { Float($0.squareRoot()) }
        weights = norms.map { $0 * $0 }
        generator = SeededGenerator(seed: problem.options.seed)
        let inverses = norms.map { $0 == 0 ? 0 : 1 / $0 }
        points = (0..<problem.groups).map { group in
            var points = Matrix(rows: problem.outputs, columns: problem.metric.groupSize)
            let columns = problem.weights.block(columns: problem.metric.range(group))
            add(problem.weights, columns, times: 1, to: &points, points.all)
            points.scaleRows(by: inverses)
            return points
        }
    }

    /// Returns the codebooks, with the row norms as scales and no codes chosen.
    mutating func start() -> LayerChoice {
        let scheme = problem.scheme
        var codebooks = Codebooks(
            count: scheme.codebooks,
            entries: scheme.entries,
            size: scheme.groupSize
        )
        for index in 0..<scheme.codebooks {
            let codebook = cluster(thenSubtract: index + 1 < scheme.codebooks)
            let from = index * codebook.vectors.elements.count
            codebooks.vectors.elements.replaceSubrange(
                from..<from + codebook.vectors.elements.count,
                with: codebook.vectors.elements
            )
        }
        let codes = [UInt16](repeating: 0, count: problem.outputs * scheme.codebooks)
        return LayerChoice(
            codes: .init(repeating: codes, count: problem.groups),
            codebooks: codebooks,
            scales: norms
        )
    }

    /// Returns one codebook for the points as they are, and may take from each the entry chosen.
    private mutating func cluster(thenSubtract subtract: Bool) -> Codebooks {
        let metrics = problem.metric.feedback.conditionals
        let (targets, problem) = (points, problem)
        let slopes = parallelMap(targets.count, threads: problem.options.threads) { group in
            var slopes = targets[group]
            multiply(
                targets[group],
                targets[group].all,
                metrics,
                metrics.block(rows: problem.metric.range(group)),
                into: &slopes,
                slopes.all,
                alpha: -2
            )
            return slopes
        }
        // x D x' of each point, by its row's weight: what is lost without any entry.
        let costs = points.indices.flatMap { group in
            zip(rowDots(points[group], slopes[group]), weights).map { max(0, -$0 / 2 * Double($1)) }
        }
        var codebook = Codebooks(
            count: 1,
            entries: problem.scheme.entries,
            size: problem.scheme.groupSize
        )
        seed(&codebook, costs: costs)
        var codes = [[UInt16]](
            repeating: .init(repeating: 0, count: problem.outputs),
            count: problem.groups
        )
        let total = costs.reduce(0, +)
        var previous = Double.infinity
        for _ in 0..<max(1, problem.options.clusteringPasses) {
            let loss = total + assign(slopes, codebook, &codes)
            guard loss < 0.999 * previous else { break }
            previous = loss
            center(&codebook, slopes, codes)
        }
        if subtract {
            _ = assign(slopes, codebook, &codes)
            let minus = [Float](repeating: -1, count: problem.outputs)
            var entry = points[0]
            for group in points.indices {
                codebook.gather(codes[group], scales: minus, into: &entry)
                add(entry, times: 1, to: &points[group])
            }
        }
        return codebook
    }

    /// Sets the entries to points drawn by what they cost, no point twice; to zero when there are
    /// fewer points than entries.
    private mutating func seed(_ codebook: inout Codebooks, costs: [Double]) {
        let floor = costs.reduce(0, +) / Double(costs.count) * 1e-3
        var sums: [Double] = []
        sums.reserveCapacity(costs.count)
        for cost in costs { sums.append((sums.last ?? 0) + cost + floor) }
        var taken = [Bool](repeating: false, count: costs.count)
        var entry = 0
        /// Makes a point the next entry unless it is one already.
        func take(_ point: Int) {
            guard entry < codebook.entries, !taken[point] else { return }
            taken[point] = true
            let (group, row) = point.quotientAndRemainder(dividingBy: problem.outputs)
            for i in 0..<codebook.size { codebook.vectors[entry, i] = points[group][row, i] }
            entry += 1
        }
        // A few heavy points may be all that is drawn: then the rest comes in order.
        for _ in 0..<8 * codebook.entries where entry < codebook.entries {
            let drawn = generator.nextUnit() * (sums.last ?? 0)
            // The first point whose sum is beyond what was drawn.
            var (low, high) = (0, costs.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] > drawn { high = middle } else { low = middle + 1 }
            }
            take(low)
        }
        for point in costs.indices { take(point) }
    }

    /// Chooses the nearest entry for each point; returns the change of the loss from no entry.
    private func assign(
        _ slopes: [Matrix],
        _ codebook: Codebooks,
        _ codes: inout [[UInt16]]
    ) -> Double {
        let search = CodeSearch(codebook, beam: 1)
        let (problem, weights) = (problem, weights)
        let metrics = problem.metric.feedback.conditionals
        let found = parallelMap(slopes.count, threads: problem.options.threads) { group in
            var search = search
            search.setMetric(metrics, metrics.block(rows: problem.metric.range(group)))
            var codes = [UInt16](repeating: 0, count: problem.outputs)
            let values = search.findCodes(slopes[group], keeping: false, into: &codes)
            let losses = zip(values, weights).map { Double($0) * Double($1) }
            return (codes: codes, loss: losses.reduce(0, +))
        }
        codes = found.map(\.codes)
        return found.reduce(0) { $0 + $1.loss }
    }

    /// Moves each entry to where its points lose least.
    private func center(_ codebook: inout Codebooks, _ slopes: [Matrix], _ codes: [[UInt16]]) {
        let metrics = problem.metric.feedback.conditionals
        let blocks = EntryBlocks(
            groups: codes.count,
            usage: { codebook.usage(codes[$0], weights: weights) },
            metrics: metrics,
            ridge: 1e-5
        )
        var pull = Codebooks(count: 1, entries: codebook.entries, size: codebook.size)
        let halves = weights.map { -$0 / 2 }
        for group in codes.indices { pull.scatter(codes[group], scales: halves, slopes[group]) }
        let centers = blocks.solve(pull.vectors)
        for entry in blocks.used {
            for i in 0..<codebook.size { codebook.vectors[entry, i] = centers[entry, i] }
        }
    }
}
