import OctavoBase
internal import CKernels

/// Causal attention with grouped heads over whole sequences, forward and backward.
public struct SequenceAttention: Sendable {
    /// `[tokens, heads · headDimension]`, rotated.
    public let queries: Matrix
    /// `[tokens, keyValueHeads · headDimension]`, rotated.
    public let keys: Matrix
    /// As `keys`.
    public let values: Matrix
    /// The lengths of the sequences that the tokens belong to, one after the other.
    public let lengths: [Int]
    /// The shape of a head, and how scores are formed.
    public let rule: AttentionRule
    /// The threads that share the sequences and key heads.
    public let threads: Int
    /// The kernels to use.
    public let instructions: InstructionSet

    /// Takes matrices that fit together: consecutive query heads share a key head.
    public init(
        queries: Matrix,
        keys: Matrix,
        values: Matrix,
        lengths: [Int],
        rule: AttentionRule,
        threads: Int,
        on instructions: InstructionSet = .best
    ) {
        precondition(queries.rows == lengths.reduce(0, +) && lengths.allSatisfy { $0 > 0 })
        precondition(keys.rows == queries.rows && keys.columns % rule.headDimension == 0)
        precondition(values.rows == keys.rows && values.columns == keys.columns)
        precondition(keys.columns > 0 && queries.columns % keys.columns == 0)
        self.queries = queries
        self.keys = keys
        self.values = values
        self.lengths = lengths
        self.rule = rule
        self.threads = threads
        self.instructions = instructions
    }

    /// Returns `softmax(scale · q · kᵀ) · v` of each query over the keys that it sees, as `queries`.
    ///
    /// The result does not depend on `threads`. Keys and values are laid out anew for it, of some sequences at a
    /// time; no scores of more than a few queries exist at once.
    public func output() -> Matrix {
        var out = Matrix(rows: queries.rows, columns: queries.columns)
        let longest = lengths.max() ?? 0
        let together = max(1, Self.tokensTogether / max(1, longest))
        var cache = AttentionCache(
            sequences: min(together, lengths.count),
            capacity: longest,
            keyValueHeads: keys.columns / headDimension,
            headDimension: headDimension,
            precision: .float
        )
        var row = 0
        for start in stride(from: 0, to: lengths.count, by: together) {
            let lengths = lengths[start..<min(start + together, lengths.count)]
            let spans = lengths.enumerated().map { sequence, length in
                defer { row += length }
                return AttentionSpan(
                    firstQuery: row,
                    queryCount: length,
                    sequence: sequence,
                    keyCount: length
                )
            }
            cache.store(keys: keys, values: values, at: spans, threads: threads, on: instructions)
            cache.attend(
                queries,
                at: spans,
                rule: rule,
                into: &out,
                threads: threads,
                on: instructions
            )
        }
        return out
    }

    /// Of how many tokens keys and values are laid out at once, if not of one sequence.
    private static let tokensTogether = 4096
}

/// The pieces of work.
extension SequenceAttention {
    /// One key head of one sequence, with the query heads that share it.
    struct Unit: Sendable {
        /// The rows of the sequence.
        let rows: Range<Int>
        /// The columns of the key head.
        let keyColumns: Range<Int>
        /// The first column of the query heads.
        let firstQueryColumn: Int
    }

    /// Some queries of a unit with one head, and the keys that any of them sees.
    struct Tile {
        /// How many of the keys are not behind the first query; each that follows has one more.
        ///
        /// It sees the last of them, as many as the window has.
        let visible: Int
        /// Where the queries are, in rows and columns of all.
        let queries: Block
        /// Where the keys and values are, in rows and columns of all.
        let keys: Block
        /// Where the queries are among those of the unit.
        let output: Block
        /// Where the scores are in the room for a tile.
        var scores: Block {
            Block(rows: 0..<queries.rows.count, columns: 0..<keys.rows.count)
        }
    }

    /// How many queries a tile has at most: few waste little on keys that they do not see, many
    /// make products efficient.
    private static let tileRows = 128

    /// The width of the query heads that share a key head.
    var groupWidth: Int { queries.columns / keys.columns * headDimension }

    private var headDimension: Int { rule.headDimension }

    private var units: [Unit] {
        var units: [Unit] = []
        var first = 0
        for length in lengths {
            for head in 0..<keys.columns / headDimension {
                units.append(
                    Unit(
                        rows: first..<first + length,
                        keyColumns: head * headDimension..<(head + 1) * headDimension,
                        firstQueryColumn: head * groupWidth
                    )
                )
            }
            first += length
        }
        return units
    }

    /// Computes something of each unit on several threads, then hands it on in order.
    func forEachUnit<Part: Sendable>(
        _ compute: @Sendable (Unit) -> Part,
        collect: (Unit, Part) -> Void
    ) {
        let units = units
        let parts = withOneBLASThread {
            parallelMap(units.count, threads: threads) { compute(units[$0]) }
        }
        for (unit, part) in zip(units, parts) { collect(unit, part) }
    }

    /// Calls `body` for each head and some queries at a time.
    func forEachTile(of unit: Unit, _ body: (Tile) -> Void) {
        let first = unit.rows.lowerBound
        for column in stride(from: 0, to: groupWidth, by: headDimension) {
            let columns = column..<column + headDimension
            for start in stride(from: 0, to: unit.rows.count, by: Self.tileRows) {
                let rows = start..<min(unit.rows.count, start + Self.tileRows)
                let queryColumn = unit.firstQueryColumn + column
                let firstKey = rule.window.map { max(0, start + 1 - $0) } ?? 0
                body(
                    Tile(
                        visible: start + 1 - firstKey,
                        queries: Block(
                            rows: first + rows.lowerBound..<first + rows.upperBound,
                            columns: queryColumn..<queryColumn + headDimension
                        ),
                        keys: Block(
                            rows: first + firstKey..<first + rows.upperBound,
                            columns: unit.keyColumns
                        ),
                        output: Block(rows: rows, columns: columns)
                    )
                )
            }
        }
    }

    /// Room for the scores of any tile of a unit.
    func tileRoom(_ unit: Unit) -> Matrix {
        Matrix(rows: min(Self.tileRows, unit.rows.count), columns: unit.rows.count)
    }

    /// Computes the scores of a tile, of all keys whether they are seen or not.
    func setScores(_ scores: inout Matrix, _ tile: Tile) {
        multiply(
            queries,
            tile.queries,
            keys,
            tile.keys,
            transposed: true,
            into: &scores,
            tile.scores,
            alpha: rule.scale
        )
        if let cap = rule.cap { scores.softCap(cap, on: instructions) }
    }

    /// Turns scores into probabilities, zero for keys that a query does not see.
    func turnIntoProbabilities(_ scores: inout Matrix, _ tile: Tile) {
        let stride = scores.columns
        unsafe octavo_causal_softmax(
            instructions.kernel,
            &scores.elements,
            tile.queries.rows.count,
            tile.keys.rows.count,
            stride,
            tile.visible,
            rule.window ?? .max
        )
    }
}

extension Matrix {
    /// Copies all elements to a block of a larger matrix.
    func copy(to out: inout Matrix, row: Int, column: Int) {
        let (stride, width) = (out.columns, columns)
        precondition(row >= 0 && row + rows <= out.rows)
        precondition(column >= 0 && column + width <= stride)
        var target = out.elements.mutableSpan
        let source = elements.span
        for r in 0..<rows {
            let start = (row + r) * stride + column
            for c in 0..<width { target[start + c] = source[r * width + c] }
        }
    }
}
