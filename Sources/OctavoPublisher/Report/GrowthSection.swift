extension QuantizationReport {
    /// How the error grows from block to block.
    var growthSection: HTML {
        let before = blocks.compactMap { block in
            block.relativeError.map { (block: block.index, value: $0) }
        }
        let after = blocks.compactMap { block in
            block.tunedError.map { (block: block.index, value: $0) }
        }
        guard !before.isEmpty || !after.isEmpty else { return "" }
        var series: [BlockChart.Series] = []
        if !before.isEmpty {
            let (style, name) = after.isEmpty ? ("", "error") : ("before", "before tuning")
            series.append(BlockChart.Series(style: style, name: name, values: before))
        }
        if !after.isEmpty {
            series.append(BlockChart.Series(style: "", name: "after tuning", values: after))
        }
        let chart = BlockChart(
            id: "growth",
            title: "Relative error of the residual stream behind each block",
            summary: ends(before, after),
            series: series,
            blockCount: blockCount,
            scale: LogScale((before + after).map(\.value)),
            height: 220
        )
        return """
            <section id="growth">
            <h2>Error from block to block</h2>
            <p class="lead">How far the stream of numbers through the quantized model has moved from the \
            original’s behind each block: the squared distance as a share of the original’s square. Every \
            block adds its own error to what came in, so a gentle rise is normal; a jump names the block to \
            look at. Lower is better.\(after.isEmpty ? "" : tuningNote)</p>
            <p class="key">\(after.isEmpty || before.isEmpty ? "" : tuningKey)\
            \(oddMarks(among: (before + after).map(\.value)))</p>
            <figure class="wide">
            \(chart.html)
            </figure>
            \(table(tuned: !after.isEmpty))
            </section>
            """
    }

    private var tuningNote: HTML {
        " Tuning a block pulls it back towards the original before the next one begins."
    }

    private var tuningKey: HTML {
        """
        <svg width="30" height="10" aria-hidden="true"><line class="line before" x1="0" x2="30" \
        y1="5" y2="5"/><circle class="mark before" cx="15" cy="5" r="3"/></svg> before tuning the block \
        <svg width="30" height="10" aria-hidden="true"><line class="line" x1="0" x2="30" y1="5" y2="5"/>\
        <circle class="mark" cx="15" cy="5" r="3"/></svg> after it
        """
    }

    private func ends(
        _ before: [(block: Int, value: Double)],
        _ after: [(block: Int, value: Double)]
    ) -> String {
        let values = after.isEmpty ? before : after
        guard let first = values.first, let last = values.last else { return "" }
        return "\(percentText(first.value)) behind block \(first.block), "
            + "\(percentText(last.value)) behind block \(last.block)."
    }

    private func table(tuned: Bool) -> HTML {
        func cell(_ value: Double?) -> HTML { "<td>\(value.map(percentText) ?? "–")</td>" }
        let rows: [HTML] = blocks.map { block in
            """
            <tr><th scope="row">\(block.index)</th>\(cell(block.relativeError))\
            \(tuned ? cell(block.tunedError) : "")</tr>
            """
        }
        let columns: HTML =
            tuned
            ? "<th scope=\"col\">Before tuning</th><th scope=\"col\">After tuning</th>"
            : "<th scope=\"col\">Relative error</th>"
        return """
            <details><summary>Every block in numbers</summary>
            <div class="scroll"><table>
            <thead><tr><th scope="col">Block</th>\(columns)</tr></thead>
            <tbody>
            \(rows)
            </tbody></table></div></details>
            """
    }
}
