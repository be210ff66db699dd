extension QuantizationReport {
    /// Where the bytes go, beside the original's, and what makes up the bits of a quantized weight.
    var sizeSection: HTML {
        guard sizes.totalBytes > 0 else { return "" }
        let parts = sizes.parts
        let whole = Double(max(originalBytes ?? 0, sizes.totalBytes))
        let stored = Double(
            parts.filter(\.isOfLayers).reduce(0) { $0 + sizes.bytes[$1, default: 0] }
        )
        let bits: HTML =
            sizes.quantizedBits.map { bits in
                bar(
                    "A quantized weight",
                    decimal(bits, digits: 2) + " bits",
                    parts.filter(\.isOfLayers),
                    of: stored
                )
            } ?? ""
        return """
            <section id="size">
            <h2>Where the bytes go</h2>
            <p class="lead">Codes pick entries from codebooks for each group of weights, and a scale stretches \
            each output. Good is a bar that is almost all codes: codebooks and scales are overhead, and \
            what is not quantized is stored in 16 bits.</p>
            <div class="bars">
            \(originalBar(of: whole))
            \(bar("Quantized", byteText(sizes.totalBytes), parts, of: whole))
            \(bits)
            </div>
            <div class="scroll"><table class="parts">
            <thead><tr><th scope="col">Part</th><th scope="col">Size</th><th scope="col">Share</th>\
            <th scope="col">Bits per quantized weight</th></tr></thead>
            <tbody>
            \(parts.map(row))
            </tbody>
            <tfoot><tr><th scope="row">all</th><td>\(byteText(sizes.totalBytes))</td><td>100 %</td>\
            <td>\(sizes.quantizedBits.map { decimal($0, digits: 3) } ?? "–")</td></tr></tfoot></table></div>
            </section>
            """
    }

    private func originalBar(of whole: Double) -> HTML {
        guard let originalBytes else { return "" }
        return """
            <p>Original <b>\(byteText(originalBytes))</b></p>
            <svg class="bar" role="img" aria-label="Original, \(byteText(originalBytes))" height="24">\
            <rect class="unquantized" width="\(percent(Double(originalBytes) / whole))" height="24"/></svg>
            """
    }

    private func bar(
        _ name: String,
        _ value: String,
        _ parts: [SizeBreakdown.Part],
        of whole: Double
    ) -> HTML {
        var start = 0.0
        let pieces: [HTML] = parts.map { part in
            let share = Double(sizes.bytes[part, default: 0]) / max(1, whole)
            defer { start += share }
            return """
                <rect class="\(part.rawValue)" x="\(percent(start))" width="\(percent(share))" height="24">\
                <title>\(part.rawValue), \(byteText(sizes.bytes[part, default: 0]))</title></rect>
                """
        }
        let list = parts.map { "\($0.rawValue) \(byteText(sizes.bytes[$0, default: 0]))" }
        return """
            <p>\(name) <b>\(value)</b></p>
            <svg class="bar" role="img" aria-label="\(name), \(value): \(list.joined(separator: ", "))" \
            height="24">\(pieces)</svg>
            """
    }

    private func row(_ part: SizeBreakdown.Part) -> HTML {
        let bytes = sizes.bytes[part, default: 0]
        let bits =
            !part.isOfLayers || sizes.quantizedWeights == 0
            ? "–" : decimal(Double(8 * bytes) / Double(sizes.quantizedWeights), digits: 3)
        return """
            <tr><th scope="row"><svg class="swatch" width="12" height="12" aria-hidden="true">\
            <rect class="\(part.rawValue)" width="12" height="12"/></svg>\(part.rawValue)</th>\
            <td>\(byteText(bytes))</td>\
            <td>\(decimal(100 * Double(bytes) / Double(max(1, sizes.totalBytes)), digits: 1)) %</td>\
            <td>\(bits)</td></tr>
            """
    }
}

/// Hatchings, so that parts are told apart without colour too.
let patterns: HTML = """
    <svg width="0" height="0" class="defs" aria-hidden="true"><defs>
    <pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
    <rect class="ground" width="6" height="6"/><rect class="stripe" width="2" height="6"/></pattern>
    <pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">\
    <rect class="ground" width="6" height="6"/><circle class="stripe" cx="2" cy="2" r="1.3"/></pattern>
    </defs></svg>
    """
