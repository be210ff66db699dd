extension QuantizationReport {
    /// The report as one page of HTML: no script, nothing fetched, light or dark as the reader has it.
    public var html: String {
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="generator" content="octavo \(toolVersion)">
            <title>\(title) · quantization report</title>
            <style>
            \(reportStyle)
            </style>
            </head>
            <body>
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
            <footer>Made by octavo \(toolVersion). Everything on this page is in this one file.</footer>
            </body>
            </html>

            """
        return page.markup
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

    private func tile(_ figure: String, _ meaning: String, _ note: String) -> HTML {
        """
        <div class="tile"><p class="figure">\(figure)</p><p class="meaning">\(meaning)</p>\
        <p class="note">\(note)</p></div>
        """
    }

    /// What the reader was warned of, and what the figures themselves give cause to say.
    private var alerts: HTML {
        let lost = layers.count { !$0.relativeLoss.isFinite }
        let sentences =
            warnings
            + (lost == 0
                ? [] : ["The loss of \(lost) of \(layers.count) layers is not a finite number."])
        guard !sentences.isEmpty else { return "" }
        return """
            <section class="alerts" aria-label="Warnings">
            <h2>\(sentences.count == 1 ? "A warning" : "\(sentences.count) warnings")</h2>
            <ul>
            \(sentences.map { "<li>\($0)</li>" as HTML })
            </ul>
            </section>
            """
    }

    private var settingsSection: HTML {
        let rows: [HTML] = settings.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" }
        let list: HTML = rows.isEmpty ? "" : "<dl>\n\(rows)\n</dl>"
        let kept: HTML =
            dense.isEmpty
            ? ""
            : """
            <details><summary>Linears left as they were: \(dense.count)</summary>
            <ul class="paths">
            \(dense.map { "<li>\($0)</li>" as HTML })
            </ul></details>
            """
        let again: HTML =
            command.isEmpty
            ? ""
            : """
            <p class="lead">The same files, this command and as many threads give the same bytes again \
            on the same kind of processor.</p>
            <pre><code>\(command.map(shellWord).joined(separator: " "))</code></pre>
            """
        guard !rows.isEmpty || !dense.isEmpty || !command.isEmpty else { return "" }
        return """
            <section>
            <h2>How it was made</h2>
            \(list)
            \(kept)
            \(again)
            </section>
            """
    }
}

/// A word as a shell needs it written.
private func shellWord(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./:=@,+".utf8.contains(byte)
        }
    }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
}
