/// Values over the steps of a tuning.
///
/// As ``BlockChart`` it is as wide as its place: across in percent, up and down in pixels.
struct CourseChart {
    /// Values that a line connects.
    struct Series {
        /// How its marks and line are drawn: a class of the style sheet.
        var style: String
        /// What a mark's tip begins with.
        var name: String
        /// A value and its step, in order.
        var values: [(step: Int, value: Double)]
        /// Whether each value has a mark.
        var isMarked = false
    }

    /// Makes the chart's ids unique on the page.
    var id: String
    /// What the chart is called by those who cannot see it.
    var title: String
    /// What it says to them.
    var summary: String
    /// The series, drawn in this order.
    var series: [Series]
    /// How many steps there are.
    var steps: Int
    /// The step whose value in the last series is ringed, if there is one.
    var ringed: Int?
    /// The height of the plot in pixels.
    var height = 220.0
    /// The digits of values in tips.
    var digits = 4

    private let rail = 8.0
    /// A line has no more points than anyone can see.
    private let mostPoints = 1000

    /// The chart.
    var html: HTML {
        let scale = LinearScale(
            series.flatMap { $0.values.map(\.value) },
            ticks: Int(height / 40)
        )
        return """
            <svg class="chart" role="img" aria-labelledby="\(id)-t \(id)-d" height="\(Int(height) + 28)">
            <title id="\(id)-t">\(title)</title><desc id="\(id)-d">\(summary)</desc>
            \(grid(scale))
            <text class="tick" x="-8" y="\(Int(height) + 18)" text-anchor="end">step</text>
            \(stepLabels)
            <svg viewBox="0 0 1000 \(Int(height))" preserveAspectRatio="none" width="100%" \
            height="\(Int(height))">
            \(series.map { line($0, scale) })
            </svg>
            \(series.filter(\.isMarked).flatMap { marks($0, scale) })
            \(ring(scale))
            </svg>
            """
    }

    private func grid(_ scale: LinearScale) -> [HTML] {
        scale.ticks.map { tick in
            let y = y(at: tick.position)
            return """
                <line class="grid" x1="0" x2="100%" y1="\(pixels(y))" y2="\(pixels(y))"/>\
                <text class="tick" x="-8" y="\(pixels(y + 4))" text-anchor="end">\(tick.label)</text>
                """
        }
    }

    private var stepLabels: [HTML] {
        // Narrow windows have room for few.
        let scale = LinearScale([0, Double(max(1, steps))], ticks: 4, isWhole: true)
        return scale.ticks.compactMap { tick in
            guard let step = Int(tick.label), step <= steps else { return nil }
            return """
                <text class="tick" x="\(percent(x(of: step)))" y="\(Int(height) + 18)" \
                text-anchor="middle">\(tick.label)</text>
                """
        }
    }

    private func line(_ series: Series, _ scale: LinearScale) -> HTML {
        let size = max(1, (series.values.count + mostPoints - 1) / mostPoints)
        var runs: [[String]] = [[]]
        for start in stride(from: 0, to: series.values.count, by: size) {
            let part = series.values[start..<min(start + size, series.values.count)]
            let mean = part.reduce(0) { $0 + $1.value } / Double(part.count)
            guard let position = scale.position(mean) else {
                // A gap in the line, not a line through what is no number.
                if runs.last?.isEmpty == false { runs.append([]) }
                continue
            }
            let step = part[part.startIndex + part.count / 2].step
            runs[runs.count - 1].append("\(pixels(1000 * x(of: step))),\(pixels(y(at: position)))")
        }
        let lines: [HTML] = runs.filter { $0.count > 1 }.map { points in
            "<polyline class=\"line \(series.style)\" points=\"\(points.joined(separator: " "))\"/>"
        }
        return "\(lines)"
    }

    private func marks(_ series: Series, _ scale: LinearScale) -> [HTML] {
        let radius = series.values.count <= 60 ? "3" : "2"
        return series.values.map { step, value in
            let (x, tip) = (percent(x(of: step)), "\(series.name), step \(step): ")
            guard let position = scale.position(value) else {
                return """
                    <text class="mark lost" x="\(x)" y="9" text-anchor="middle">×<title>\
                    \(tip)no number</title></text>
                    """
            }
            return """
                <circle class="mark \(series.style)" cx="\(x)" cy="\(pixels(y(at: position)))" \
                r="\(radius)"><title>\(tip)\(decimal(value, digits: digits))</title></circle>
                """
        }
    }

    private func ring(_ scale: LinearScale) -> HTML {
        guard let ringed, let found = series.last?.values.first(where: { $0.step == ringed }),
            let position = scale.position(found.value)
        else { return "" }
        return """
            <circle class="ring" cx="\(percent(x(of: ringed)))" cy="\(pixels(y(at: position)))" \
            r="7"><title>the best, step \(ringed): \(decimal(found.value, digits: digits))</title></circle>
            """
    }

    private func x(of step: Int) -> Double { Double(step) / Double(max(1, steps)) }

    private func y(at position: Double) -> Double {
        rail + (1 - position) * (height - 2 * rail)
    }
}
