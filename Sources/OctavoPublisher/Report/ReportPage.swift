extension QuantizationReport {
    /// The report as one page of HTML: no script, nothing fetched, light or dark as the reader has it.
    public var html: String {
        reportPage(
            title: title,
            kind: "quantization report",
            toolVersion,
            """
            \(patterns)
            <main>
            \(headline)
            \(alerts)
            \(lossSection)
            \(growthSection)
            \(sizeSection)
            \(timeSection)
            \(settingsSection)
            </main>
            """
        )
    }

    private var headline: HTML {
        let made = effort.isEmpty ? "" : ", \(effort) effort"
        let from = sources.isEmpty ? "" : ", from \(sources.joined(separator: ", "))"
        return """
            <header>
            <p class="kicker">Quantization report</p>
            <h1>\(title)</h1>
            <p class="made">AQLM \(scheme)\(made)\(from)</p>
            <div class="tiles">
            \(tiles)
            </div>
            </header>
            """
    }

    private var tiles: [HTML] {
        var tiles: [HTML] = []
        if let bits = sizes.quantizedBits {
            tiles.append(
                tile(
                    decimal(bits, digits: 2),
                    "bits per weight in the quantized layers",
                    "\(decimal(sizes.totalBits, digits: 2)) over the whole model"
                )
            )
        }
        let size = byteText(sizes.totalBytes)
        if let originalBytes, originalBytes > 0, sizes.totalBytes > 0 {
            let ratio = Double(originalBytes) / Double(sizes.totalBytes)
            let change = "\(byteText(originalBytes)) before, \(size) now"
            tiles.append(
                tile(decimal(ratio, digits: 1) + " ×", "smaller than the original", change)
            )
        } else {
            tiles.append(tile(size, "in all", "the original's size is not known"))
        }
        let losses = layers.filter(\.relativeLoss.isFinite)
        if let worst = losses.max(by: { $0.relativeLoss < $1.relativeLoss }) {
            let mean = losses.reduce(0) { $0 + $1.relativeLoss } / Double(losses.count)
            let name =
                "\(percentText(worst.relativeLoss)) at worst: \(worst.kind), block \(worst.block)"
            tiles.append(tile(percentText(mean), "mean relative loss of a layer", name))
        }
        let seconds = stages.compactMap { known($0.seconds) }
        if !seconds.isEmpty {
            tiles.append(
                tile(
                    durationText(seconds.reduce(0, +)),
                    "from model to artifact",
                    resumedBlocks > 0 ? "without what an earlier run did" : "wall time"
                )
            )
        }
        if tokens > 0 {
            tiles.append(
                tile(
                    groupedText(tokens),
                    "calibration tokens",
                    calibration.isEmpty ? "" : "from \(calibration)"
                )
            )
        }
        return tiles
    }

    /// What the reader was warned of, and what the figures themselves give cause to say.
    private var alerts: HTML {
        let lost = layers.count { !$0.relativeLoss.isFinite }
        let sentences =
            warnings
            + (lost == 0
                ? [] : ["The loss of \(lost) of \(layers.count) layers is not a finite number."])
        return alertsSection(sentences)
    }

    private var settingsSection: HTML {
        let kept: HTML =
            dense.isEmpty
            ? ""
            : """
            <details><summary>Linears left as they were: \(dense.count)</summary>
            <ul class="paths">
            \(dense.map { "<li>\($0)</li>" as HTML })
            </ul></details>
            """
        guard !settings.isEmpty || !dense.isEmpty || !command.isEmpty else { return "" }
        return """
            <section>
            <h2>How it was made</h2>
            \(settingsList(settings))
            \(kept)
            \(commandBlock(command))
            </section>
            """
    }
}
