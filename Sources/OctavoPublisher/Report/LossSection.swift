extension QuantizationReport {
    /// The loss of every layer: a small chart for each kind, all on one axis.
    var lossSection: HTML {
        guard !layers.isEmpty else { return "" }
        let scale = LogScale(layers.map(\.relativeLoss))
        let middle = BlockChart.Series(
            style: "middle",
            name: "median of all kinds",
            values: medians,
            isMarked: false
        )
        let panels: [HTML] = kinds.enumerated().map { index, kind in
            panel(kind, middle, scale, id: "loss\(index)")
        }
        return """
            <section id="loss">
            <h2>Loss of each layer</h2>
            <p class="lead">The error that quantization leaves in each layer’s output, squared and as a share of \
            the squared output, on the calibration text. Lower is better, 0 % is the original. All charts \
            share one axis; a mark far above its neighbours names a layer that quantization hurt.</p>
            <p class="key"><svg width="30" height="10" aria-hidden="true"><line class="line" x1="0" x2="30" \
            y1="5" y2="5"/><circle class="mark" cx="15" cy="5" r="3"/></svg> a layer of this kind, by block \
            <svg width="30" height="10" aria-hidden="true"><line class="line middle" x1="0" x2="30" y1="5" \
            y2="5"/></svg> median of all kinds\(oddMarks(among: layers.map(\.relativeLoss)))</p>
            <div class="panels">
            \(panels)
            </div>
            \(kindTable)
            \(blockTable)
            </section>
            """
    }

    /// The kinds of layers, in the order in which they first appear, each with its layers.
    private var kinds: [(name: String, layers: [Layer])] {
        var order: [String] = []
        let groups = Dictionary(grouping: layers, by: \.kind)
        var seen: Set<String> = []
        for layer in layers where seen.insert(layer.kind).inserted { order.append(layer.kind) }
        return order.map { ($0, groups[$0] ?? []) }
    }

    /// How many blocks the charts have room for.
    var blockCount: Int {
        1 + max(0, layers.map(\.block).max() ?? 0, blocks.map(\.index).max() ?? 0)
    }

    private var medians: [(block: Int, value: Double)] {
        Dictionary(grouping: layers, by: \.block).map { block, layers in
            let losses = layers.map(\.relativeLoss).filter { $0 > 0 && $0.isFinite }.sorted()
            return (block, losses.isEmpty ? 0 : losses[losses.count / 2])
        }
    }

    /// What marks off the axis mean, where there are any.
    func oddMarks(among values: [Double]) -> HTML {
        let hasZero = values.contains(0)
        let hasLost = values.contains { !$0.isFinite }
        let zero: HTML = """
             <svg width="12" height="10" aria-hidden="true"><circle class="mark zero" cx="6" cy="5" \
            r="2.5"/></svg> at the bottom: exactly 0
            """
        let lost: HTML = " <b class=\"lost\">×</b> at the top: not a finite number"
        return "\(hasZero ? zero : "")\(hasLost ? lost : "")"
    }

    private func panel(
        _ kind: (name: String, layers: [Layer]),
        _ middle: BlockChart.Series,
        _ scale: LogScale,
        id: String
    ) -> HTML {
        let summary = LossSummary(kind.layers)
        let chart = BlockChart(
            id: id,
            title: "Relative loss of \(kind.name) over the blocks",
            summary: "\(kind.layers.count) layers, mean \(summary.mean), worst \(summary.worst).",
            series: [
                middle,
                BlockChart.Series(
                    style: "",
                    name: kind.name,
                    values: kind.layers.map { ($0.block, $0.relativeLoss) }
                ),
            ],
            blockCount: blockCount,
            scale: scale
        )
        return """
            <figure><figcaption><b>\(kind.name)</b> <span>mean \(summary.mean)</span></figcaption>
            \(chart.html)
            </figure>
            """
    }

    private var kindTable: HTML {
        let rows: [HTML] = kinds.map { kind, layers in
            let summary = LossSummary(layers)
            return """
                <tr><th scope="row">\(kind) <span>\(purpose(ofKind: kind))</span></th><td>\(layers.count)</td><td>\(summary.mean)</td>\
                <td>\(summary.worst)</td><td>\(summary.worstBlock)</td><td>\(summary.bits)</td></tr>
                """
        }
        return """
            <div class="scroll"><table class="kinds">
            <thead><tr><th scope="col">Kind</th><th scope="col">Layers</th><th scope="col">Mean loss</th>\
            <th scope="col">Worst</th><th scope="col">in block</th><th scope="col">Bits per weight</th></tr></thead>
            <tbody>
            \(rows)
            </tbody></table></div>
            """
    }

    /// Every loss as a number, a row for each block.
    private var blockTable: HTML {
        let names = kinds.map(\.name)
        let byBlock = Dictionary(grouping: layers, by: \.block)
        let rows: [HTML] = byBlock.keys.sorted().map { block in
            let byKind = Dictionary(grouping: byBlock[block] ?? [], by: \.kind)
            let cells: [HTML] = names.map { "<td>\(LossSummary(byKind[$0] ?? []).mean)</td>" }
            return "<tr><th scope=\"row\">\(block)</th>\(cells)</tr>"
        }
        return """
            <details><summary>Every block in numbers</summary>
            <div class="scroll" tabindex="0" role="region" aria-label="Loss of every block"><table>
            <thead><tr><th scope="col">Block</th>\(names.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
            <tbody>
            \(rows)
            </tbody></table></div></details>
            """
    }
}

/// What a few layers' losses come to, in words.
private struct LossSummary {
    private(set) var mean = "–"
    private(set) var worst = "–"
    private(set) var worstBlock = "–"
    private(set) var bits = "–"

    init(_ layers: [QuantizationReport.Layer]) {
        let finite = layers.filter(\.relativeLoss.isFinite)
        if let peak = finite.max(by: { $0.relativeLoss < $1.relativeLoss }) {
            mean = percentText(finite.reduce(0) { $0 + $1.relativeLoss } / Double(finite.count))
            worst = percentText(peak.relativeLoss)
            worstBlock = "\(peak.block)"
        } else if !layers.isEmpty {
            mean = "not finite"
        }
        let known = layers.map(\.bits).filter(\.isFinite)
        if let least = known.min(), let most = known.max() {
            bits = decimal(least, digits: 2)
            if decimal(most, digits: 2) != bits { bits += " to " + decimal(most, digits: 2) }
        }
    }
}

/// What a layer of the well-known kinds does, in a word or two.
private func purpose(ofKind kind: String) -> String {
    switch kind {
    case "q_proj": "queries"
    case "k_proj": "keys"
    case "v_proj": "values"
    case "o_proj": "attention output"
    case "gate_proj": "feed-forward gate"
    case "up_proj": "feed-forward up"
    case "down_proj": "feed-forward down"
    default: ""
    }
}
