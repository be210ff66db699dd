// What all reports have in common.

/// A page of HTML: no script, nothing fetched, light or dark as the reader has it.
///
/// - Parameters:
///   - title: What the report is about.
///   - kind: What it is, as in "quantization report".
///   - version: The tool's.
///   - body: What stands in the page, above its last line.
/// - Returns: The file.
func reportPage(title: String, kind: String, _ version: String, _ body: HTML) -> String {
    let page: HTML = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="generator" content="octavo \(version)">
        <title>\(title) · \(kind)</title>
        <style>
        \(reportStyle)
        </style>
        </head>
        <body>
        \(body)
        <footer>Made by octavo \(version). Everything on this page is in this one file.</footer>
        </body>
        </html>

        """
    return page.markup
}

/// A figure that stands out, what it means, and a note.
func tile(_ figure: String, _ meaning: String, _ note: String) -> HTML {
    """
    <div class="tile"><p class="figure">\(figure)</p><p class="meaning">\(meaning)</p>\
    <p class="note">\(note)</p></div>
    """
}

/// What the reader should know before all else; nothing if there is nothing.
func alertsSection(_ sentences: [String]) -> HTML {
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

/// Settings and their values.
func settingsList(_ settings: [QuantizationReport.Setting]) -> HTML {
    let rows: [HTML] = settings.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" }
    return rows.isEmpty ? "" : "<dl>\n\(rows)\n</dl>"
}

/// The command line that makes the same again.
func commandBlock(_ command: [String]) -> HTML {
    guard !command.isEmpty else { return "" }
    return """
        <p class="lead">The same files, this command and as many threads give the same bytes again \
        on the same kind of processor.</p>
        <pre><code>\(command.map(shellWord).joined(separator: " "))</code></pre>
        """
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
