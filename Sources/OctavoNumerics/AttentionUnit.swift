internal import CKernels

/// Queries that share a key head and are computed together.
struct AttentionUnit: Sendable {
    /// The span that they are part of.
    let span: AttentionSpan
    /// Which tokens of the span they belong to.
    let tokens: Range<Int>
    /// Their key head.
    let keyHead: Int
    /// Their heads, among all query heads.
    let heads: Range<Int>

    /// How many queries there are, counted for each head.
    var rows: Int { tokens.count * heads.count }

    /// The place of the first token in its sequence.
    var position: Int { span.position + tokens.lowerBound }

    /// The keys that any of the queries sees.
    func keys(window: Int?) -> Range<Int> {
        let first = window.map { max(0, position + 1 - $0) } ?? 0
        return first..<position + tokens.count
    }

    /// The stretches in which those keys lie.
    func stretches(window: Int?) -> Range<Int> {
        let keys = keys(window: window)
        return keys.lowerBound / OCTAVO_KEY_STRETCH..<(keys.upperBound - 1) / OCTAVO_KEY_STRETCH + 1
    }

    /// Divides spans; the units that take longest come first, so that threads end together.
    static func units(of spans: [AttentionSpan], heads: Int, keyHeads: Int) -> [AttentionUnit] {
        let group = heads / keyHeads
        let headsTogether = min(group, OCTAVO_QUERY_ROWS)
        let tokensTogether = OCTAVO_QUERY_ROWS / headsTogether
        var units: [AttentionUnit] = []
        for span in spans {
            for start in stride(from: 0, to: span.queryCount, by: tokensTogether).reversed() {
                let tokens = start..<min(start + tokensTogether, span.queryCount)
                for keyHead in 0..<keyHeads {
                    let own = keyHead * group..<(keyHead + 1) * group
                    for head in stride(from: own.lowerBound, to: own.upperBound, by: headsTogether)
                    {
                        units.append(
                            AttentionUnit(
                                span: span,
                                tokens: tokens,
                                keyHead: keyHead,
                                heads: head..<min(head + headsTogether, own.upperBound)
                            )
                        )
                    }
                }
            }
        }
        return units
    }
}

/// What a thread takes at a time: all keys of a unit, or one stretch of them.
struct AttentionPiece: Sendable {
    /// The unit.
    let unit: AttentionUnit
    /// The stretch; nil for all keys.
    let stretch: Int?
    /// Where among the parts that of the stretch begins.
    let part: Int
}

/// Pieces, and how the parts of those that are stretches come together.
struct AttentionPlan: Sendable {
    /// The parts of a unit's stretches, one behind the other.
    struct Join: Sendable {
        /// The unit.
        let unit: AttentionUnit
        /// Where the first part begins.
        let part: Int
        /// How many parts there are.
        let count: Int
    }

    /// In the order in which threads take them.
    private(set) var pieces: [AttentionPiece] = []
    /// The units that are divided.
    private(set) var joins: [Join] = []
    /// The floats of all parts.
    private(set) var partCount = 0

    /// Plans units.
    ///
    /// - Parameters:
    ///   - units: The units of some spans.
    ///   - rule: The shape of a head, and what is seen.
    ///   - dividesKeys: Whether the keys of spans with few queries are divided: results are the same.
    init(_ units: [AttentionUnit], _ rule: AttentionRule, dividesKeys: Bool) {
        for unit in units {
            let stretches = unit.stretches(window: rule.window)
            guard dividesKeys, stretches.count > 1, unit.tokens.count == unit.span.queryCount
            else {
                pieces.append(AttentionPiece(unit: unit, stretch: nil, part: 0))
                continue
            }
            joins.append(Join(unit: unit, part: partCount, count: stretches.count))
            for stretch in stretches {
                pieces.append(AttentionPiece(unit: unit, stretch: stretch, part: partCount))
                partCount += octavo_attention_part(unit.rows, rule.headDimension)
            }
        }
    }
}
