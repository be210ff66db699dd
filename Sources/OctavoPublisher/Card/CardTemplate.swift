import Mustache
import OctavoBase

extension ModelCard {
    /// The card as Markdown, with the metadata block that hubs read.
    ///
    /// - Parameter path: The path of a Mustache template for the text behind the metadata; nil takes the
    ///   usual one. docs/model-card.md lists its variables.
    /// - Returns: The card; the same facts give the same bytes.
    /// - Throws: ``CardTemplateError``, ``FileError``, or that the metadata cannot be written as YAML.
    public func markdown(template path: String? = nil) throws -> String {
        let source =
            if let path { try TemplateSource(path: path) } else {
                try TemplateSource(usualCardTemplate, name: "the usual template")
            }
        let facts = self.facts
        try source.requireBound(facts)
        let template: MustacheTemplate
        do {
            template = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}\n" + source.text)
        } catch {
            throw CardTemplateError.tag(
                source.name,
                // The line before the template is ours.
                line: max(
                    1,
                    ((error as? MustacheTemplate.ParserError)?.context.lineNumber ?? 2) - 1
                ),
                "found what is no Mustache"
            )
        }
        let body = template.render(facts.mapValues(\.any))
        return "---\n" + (try metadata()) + "---\n" + body
    }

    /// The plot of size against quality, as SVG; nil where fewer than two variants have both.
    public var plot: String? {
        let plot = SizeQualityPlot(title: title, variants)
        return plot.points.count >= 2 ? plot.svg : nil
    }

    /// Writes the card, and the plot that it shows, into a folder.
    ///
    /// - Parameters:
    ///   - directory: The artifact's folder.
    ///   - path: A template, as ``markdown(template:)``.
    /// - Returns: The paths written, relative to the folder, sorted.
    /// - Throws: As ``markdown(template:)``; ``CardError/faulty(_:)`` where what came out breaks the rules.
    @discardableResult
    public func write(to directory: String, template path: String? = nil) throws -> [String] {
        let text = try markdown(template: path)
        let findings = checkCard(Array(text.utf8), name: repository ?? title)
        if let fault = findings.first(where: { $0.isFault }) { throw CardError.faulty(fault) }
        var paths = [Self.fileName]
        if let plot {
            try makeDirectory(joined(directory, parent(of: Self.plotPath)))
            try AtomicFile.write(plot, to: joined(directory, Self.plotPath))
            paths.append(Self.plotPath)
        }
        try AtomicFile.write(text, to: joined(directory, Self.fileName))
        return paths
    }
}
