/// Values over a model's blocks, on a logarithmic axis of percentages.
///
/// Across, everything is in percent of the width; up and down, in pixels: the chart is as wide as its
/// place without a script, and its letters and marks keep their size.
struct BlockChart {
    /// Values that a line connects.
    struct Series {
        /// How its marks and line are drawn: a class of the style sheet.
        var style: String
        /// What a mark's tip begins with: the series' name.
        var name: String
        /// A value and its block; of several of a block the line takes the middle one.
        var values: [(block: Int, value: Double)]
        /// Whether each value has a mark, or the line stands alone.
        var isMarked = true
    }

    /// Makes the chart's ids unique on the page.
    var id: String
    /// What the chart is called by those who cannot see it.
    var title: String
    /// What it says to them.
    var summary: String
    /// The series, drawn in this order.
    var series: [Series]
    /// How many blocks the model has.
    var blockCount: Int
    /// The axis, which charts side by side share.
    var scale: LogScale
    /// The height of the plot in pixels.
    var height = 128.0

    /// The space above and below the axis, where values stand that it cannot show.
    private let rail = 12.0

    /// The chart.
    var html: HTML {
        """
        <svg class="chart" role="img" aria-labelledby="\(id)-t \(id)-d" height="\(Int(height) + 28)">
        <title id="\(id)-t">\(title)</title><desc id="\(id)-d">\(summary)</desc>
        \(grid)
        <text class="tick" x="-8" y="\(Int(height) + 18)" text-anchor="end">block</text>
        \(blockLabels)
        <svg viewBox="0 0 1000 \(Int(height))" preserveAspectRatio="none" width="100%" height="\(Int(height))">
        \(series.map(line))
        </svg>
        \(series.filter(\.isMarked).flatMap(marks))
        </svg>
        """
    }

    /// A line across at each round number; the numbers stand left of the plot, in the chart's padding.
    private var grid: [HTML] {
        scale.ticks(atMost: Int((height - 2 * rail) / 17)).map { tick in
            let y = y(at: tick.position)
            return """
                <line class="grid" x1="0" x2="100%" y1="\(pixels(y))" y2="\(pixels(y))"/>\
                <text class="tick" x="-8" y="\(pixels(y + 4))" text-anchor="end">\(tick.label)</text>
                """
        }
    }

    /// The numbers of a few blocks below the plot.
    private var blockLabels: [HTML] {
        let step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500].first { blockCount <= 7 * $0 } ?? 1000
        return stride(from: 0, to: blockCount, by: step).map { block in
            """
            <text class="tick" x="\(percent(x(of: block)))" y="\(Int(height) + 18)" \
            text-anchor="middle">\(block)</text>
            """
        }
    }

    private func line(of series: Series) -> HTML {
        let byBlock = Dictionary(grouping: series.values, by: \.block)
        var runs: [[String]] = [[]]
        for block in 0..<max(0, blockCount) {
            let heights = (byBlock[block] ?? []).compactMap { scale.position($0.value) }.sorted()
            if heights.isEmpty {
                // A gap in the line, not a line through what nobody knows.
                if runs.last?.isEmpty == false { runs.append([]) }
                continue
            }
            let middle = heights[heights.count / 2]
            runs[runs.count - 1].append("\(pixels(1000 * x(of: block))),\(pixels(y(at: middle)))")
        }
        let lines: [HTML] = runs.filter { $0.count > 1 }.map { points in
            "<polyline class=\"line \(series.style)\" points=\"\(points.joined(separator: " "))\"/>"
        }
        return "\(lines)"
    }

    private func marks(of series: Series) -> [HTML] {
        let radius = blockCount <= 40 ? "3" : blockCount <= 80 ? "2" : "1.4"
        return series.values.map { block, value in
            let (x, tip) = (percent(x(of: block)), "\(series.name), block \(block): ")
            if let position = scale.position(value) {
                return """
                    <circle class="mark \(series.style)" cx="\(x)" cy="\(pixels(y(at: position)))" \
                    r="\(radius)"><title>\(tip)\(percentText(value))</title></circle>
                    """
            }
            if value == 0 {
                return """
                    <circle class="mark zero" cx="\(x)" cy="\(pixels(height - 4))" \
                    r="2.5"><title>\(tip)exactly 0</title></circle>
                    """
            }
            return """
                <text class="mark lost" x="\(x)" y="9" text-anchor="middle">×<title>\
                \(tip)\(percentText(value))</title></text>
                """
        }
    }

    private func x(of block: Int) -> Double { (Double(block) + 0.5) / Double(max(1, blockCount)) }

    private func y(at position: Double) -> Double {
        rail + (1 - position) * (height - 2 * rail)
    }
}

/// A length in pixels as an attribute.
func pixels(_ value: Double) -> String { decimal(value, digits: 1) }

/// A share of the width as an attribute.
func percent(_ share: Double) -> String { decimal(100 * share, digits: 2) + "%" }
