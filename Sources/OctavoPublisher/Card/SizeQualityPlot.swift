import OctavoBase

/// Size against quality of the variants of a model, as an SVG file that stands on its own.
///
/// Down is better: perplexity where all have it, else KL to the original. Colours follow the reader's choice of
/// light or dark; the bytes depend on the facts alone.
struct SizeQualityPlot {
    /// A variant's place.
    struct Point {
        var name: String
        var bytes: Double
        var value: Double
        var isThis: Bool
    }

    let title: String
    /// The variants that have both, from small to large.
    let points: [Point]
    private let measure: String

    private let width = 720.0
    private let height = 400.0
    private let left = 84.0
    private let right = 28.0
    private let top = 52.0
    private let bottom = 62.0

    /// Takes the variants that have a size and the measure that most of them have.
    init(title: String, _ variants: [CardVariant]) {
        let perplexities = variants.count { $0.perplexity?.isFinite == true }
        let divergences = variants.count { $0.divergence?.isFinite == true }
        let path: KeyPath<CardVariant, Double?> =
            perplexities >= divergences ? \.perplexity : \.divergence
        measure = perplexities >= divergences ? "perplexity" : "KL to the original, nats"
        self.title = title
        points = variants.compactMap { variant in
            guard let value = variant[keyPath: path], value.isFinite else { return nil }
            return Point(
                name: line(variant.name),
                bytes: Double(variant.bytes),
                value: value,
                isThis: variant.isThis
            )
        }.sorted { ($0.bytes, $0.value) < ($1.bytes, $1.value) }
    }

    /// The file's text.
    var svg: String {
        let unit =
            points.map(\.bytes).max().map { $0 < 1e9 ? ("MB", 1e6) : ("GB", 1e9) } ?? ("MB", 1e6)
        let across = LinearScale(points.map { $0.bytes / unit.1 } + [0], ticks: 6)
        let down = LinearScale(points.map(\.value), ticks: 5)
        func x(_ position: Double) -> Double { left + position * (width - left - right) }
        func y(_ position: Double) -> Double {
            height - bottom - position * (height - top - bottom)
        }
        let frame: HTML = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" \
            width="\(number(width))" height="\(number(height))" role="img" aria-labelledby="title desc">
            <title id="title">Size against quality: \(title)</title>
            <desc id="desc">\(points.map(description).joined(separator: "; "))</desc>
            <style>
            svg { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
            .paper { fill: #ffffff; } .ink { fill: #1f1d1a; } .soft { fill: #69645b; }
            .rule { stroke: #e2ded3; } .data { fill: #1a5f78; stroke: #ffffff; } .this { fill: #9f3418; stroke: #ffffff; }
            .path { stroke: #8fb9c6; fill: none; }
            @media (prefers-color-scheme: dark) {
              .paper { fill: #151617; } .ink { fill: #e9e5dc; } .soft { fill: #a39d91; }
              .rule { stroke: #34352f; } .data { fill: #74bfd6; stroke: #151617; } .this { fill: #f19a7f; stroke: #151617; }
              .path { stroke: #2f6577; }
            }
            </style>
            <rect class="paper" width="100%" height="100%"/>
            <text class="ink" x="\(number(left))" y="28" font-size="16" font-weight="600">Size against quality</text>
            """
        let grid: [HTML] =
            down.ticks.map { tick in
                """
                <line class="rule" x1="\(number(left))" x2="\(number(width - right))" y1="\(number(y(tick.position)))" \
                y2="\(number(y(tick.position)))"/>
                <text class="soft" x="\(number(left - 10))" y="\(number(y(tick.position) + 4.5))" \
                text-anchor="end">\(tick.label)</text>
                """
            }
            + across.ticks.map { tick in
                """
                <text class="soft" x="\(number(x(tick.position)))" y="\(number(height - bottom + 22))" \
                text-anchor="middle">\(tick.label)</text>
                """
            }
        let axes: HTML = """
            <text class="ink" x="\(number((left + width - right) / 2))" y="\(number(height - 14))" \
            text-anchor="middle">size, \(unit.0)</text>
            <text class="ink" transform="translate(20 \(number((top + height - bottom) / 2))) rotate(-90)" \
            text-anchor="middle">\(measure) (lower is better)</text>
            """
        let places = points.compactMap { point -> (point: Point, x: Double, y: Double)? in
            guard let h = across.position(point.bytes / unit.1), let v = down.position(point.value)
            else { return nil }
            return (point, x(h), y(v))
        }
        let course: HTML = """
            <polyline class="path" stroke-width="2" points="\(places.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " "))"/>
            """
        let marks: [HTML] = places.map { place in
            // A label stays on the picture: one that would leave it stands before its mark.
            let isRight = place.x + 16 + 8 * Double(place.point.name.count) > width
            return """
                <circle class="\(place.point.isThis ? "this" : "data")" cx="\(number(place.x))" cy="\(number(place.y))" \
                r="\(place.point.isThis ? "7" : "5.5")" stroke-width="2"><title>\(description(place.point))</title></circle>
                <text class="ink" x="\(number(place.x + (isRight ? -11 : 11)))" y="\(number(place.y - 9))" \
                text-anchor="\(isRight ? "end" : "start")">\(place.point.name)</text>
                """
        }
        let all: HTML = """
            \(frame)
            \(grid)
            \(axes)
            \(course)
            \(marks)
            </svg>

            """
        return all.markup
    }

    private func description(_ point: Point) -> String {
        "\(point.name): \(byteText(Int(point.bytes))), \(decimal(point.value, digits: 4))"
    }

    private func number(_ value: Double) -> String { decimal(value, digits: 1) }
}
