internal import CKernels

/// What attention over whole sequences works on, and how: scores as products of matrices, some
/// queries at a time.
public struct SequenceAttention: Sendable {
    /// `[tokens, heads · headDimension]`, rotated.
    public var queries: Matrix
    /// `[tokens, keyValueHeads · headDimension]`, rotated.
    public var keys: Matrix
    /// As `keys`.
    public var values: Matrix
    /// The lengths of the sequences that the tokens belong to, one after the other.
    public var lengths: [Int]
    /// The width of a head.
    public var headDimension: Int
    /// The threads that share the sequences and key heads.
    public var threads: Int
    /// The kernels to use.
    public var instructions: InstructionSet

    /// Takes matrices that fit together: consecutive query heads share a key head.
    public init(
        queries: Matrix,
        keys: Matrix,
        values: Matrix,
        lengths: [Int],
        headDimension: Int,
        threads: Int,
        instructions: InstructionSet = .best
    ) {
        precondition(queries.rows == lengths.reduce(0, +) && lengths.allSatisfy { $0 > 0 })
        precondition(keys.rows == queries.rows && keys.columns % headDimension == 0)
        precondition(values.rows == keys.rows && values.columns == keys.columns)
        precondition(keys.columns > 0 && queries.columns % keys.columns == 0)
        self.queries = queries
        self.keys = keys
        self.values = values
        self.lengths = lengths
        self.headDimension = headDimension
        self.threads = threads
        self.instructions = instructions
    }

    /// Returns `softmax(q · kᵀ / √d) · v` of each query over the keys up to its own position, as
    /// `queries`.
    ///
    /// The result does not depend on `threads`.
    public func output() -> Matrix {
        let parts = forEachUnit { unit in
            var out = Matrix(rows: unit.rows.count, columns: groupWidth)
            var scores = tileRoom(unit)
            for head in 0..<group {
                forEachTile(of: unit) { tile in
                    setProbabilities(&scores, unit, head, tile)
                    multiply(
                        scores,
                        tile.scores,
                        values,
                        unit.keyBlock(tile.keyCount),
                        into: &out,
                        Block(rows: tile.rows, columns: columns(head))
                    )
                }
            }
            return out
        }
        var out = Matrix(rows: queries.rows, columns: queries.columns)
        for (unit, part) in zip(units, parts) {
            part.write(to: &out, row: unit.rows.lowerBound, column: unit.firstQueryColumn)
        }
        return out
    }

    /// The gradients of what attention takes.
    public struct Gradients: Sendable {
        /// As the queries, keys and values.
        public var queries: Matrix, keys: Matrix, values: Matrix
    }

    /// Returns the gradients, given that of the output.
    ///
    /// Probabilities are computed anew. The result does not depend on `threads`.
    public func backward(_ gradient: Matrix) -> Gradients {
        precondition(gradient.rows == queries.rows && gradient.columns == queries.columns)
        let parts = forEachUnit { unit in backward(gradient, unit) }
        var gradients = Gradients(
            queries: Matrix(rows: queries.rows, columns: queries.columns),
            keys: Matrix(rows: keys.rows, columns: keys.columns),
            values: Matrix(rows: keys.rows, columns: keys.columns)
        )
        for (unit, part) in zip(units, parts) {
            let row = unit.rows.lowerBound
            part.queries.write(to: &gradients.queries, row: row, column: unit.firstQueryColumn)
            part.keys.write(to: &gradients.keys, row: row, column: unit.keyColumns.lowerBound)
            part.values.write(to: &gradients.values, row: row, column: unit.keyColumns.lowerBound)
        }
        return gradients
    }

    private func backward(_ gradient: Matrix, _ unit: Unit) -> Gradients {
        let length = unit.rows.count
        var out = Gradients(
            queries: Matrix(rows: length, columns: groupWidth),
            keys: Matrix(rows: length, columns: headDimension),
            values: Matrix(rows: length, columns: headDimension)
        )
        var probabilities = tileRoom(unit)
        var slopes = probabilities
        for head in 0..<group {
            forEachTile(of: unit) { tile in
                let keyBlock = unit.keyBlock(tile.keyCount)
                let queryBlock = queryBlock(unit, head, tile)
                let part = Block(rows: 0..<tile.keyCount, columns: 0..<headDimension)
                setProbabilities(&probabilities, unit, head, tile)
                multiplyTransposed(
                    probabilities,
                    tile.scores,
                    gradient,
                    queryBlock,
                    addingTo: &out.values,
                    part
                )
                multiply(
                    gradient,
                    queryBlock,
                    values,
                    keyBlock,
                    transposed: true,
                    into: &slopes,
                    tile.scores
                )
                unsafe octavo_causal_softmax_backward(
                    instructions.kernel,
                    probabilities.elements,
                    &slopes.elements,
                    tile.rows.count,
                    tile.keyCount,
                    length,
                    tile.rows.lowerBound + 1,
                    scale
                )
                multiply(
                    slopes,
                    tile.scores,
                    keys,
                    keyBlock,
                    into: &out.queries,
                    Block(rows: tile.rows, columns: columns(head))
                )
                multiplyTransposed(
                    slopes,
                    tile.scores,
                    queries,
                    queryBlock,
                    addingTo: &out.keys,
                    part
                )
            }
        }
        return out
    }

    // MARK: - The pieces of work

    /// One key head of one sequence, with the query heads that share it.
    private struct Unit: Sendable {
        /// The rows of the sequence.
        let rows: Range<Int>
        let keyColumns: Range<Int>
        let firstQueryColumn: Int

        /// The first keys of the unit.
        func keyBlock(_ count: Int) -> Block {
            Block(rows: rows.lowerBound..<rows.lowerBound + count, columns: keyColumns)
        }
    }

    /// Some queries of a unit, and the keys that the last of them sees.
    private struct Tile {
        /// Counted within the sequence.
        let rows: Range<Int>
        var keyCount: Int { rows.upperBound }
        /// Where the scores are in the room for a tile.
        var scores: Block { Block(rows: 0..<rows.count, columns: 0..<keyCount) }
    }

    /// How many queries a tile has at most: few waste little on keys that they do not see, many
    /// make products efficient.
    private static let tileRows = 128

    private var group: Int { queries.columns / keys.columns }
    private var groupWidth: Int { group * headDimension }
    private var scale: Float { 1 / Float(headDimension).squareRoot() }

    /// The columns of a head among those of its group.
    private func columns(_ head: Int) -> Range<Int> {
        head * headDimension..<(head + 1) * headDimension
    }

    private var units: [Unit] {
        var units: [Unit] = []
        var first = 0
        for length in lengths {
            for head in 0..<keys.columns / headDimension {
                units.append(
                    Unit(
                        rows: first..<first + length,
                        keyColumns: columns(head),
                        firstQueryColumn: head * groupWidth
                    )
                )
            }
            first += length
        }
        return units
    }

    private func forEachUnit<R: Sendable>(_ body: @Sendable (Unit) -> R) -> [R] {
        let units = units
        return withOneBLASThread {
            parallelMap(units.count, threads: threads) { body(units[$0]) }
        }
    }

    private func forEachTile(of unit: Unit, _ body: (Tile) -> Void) {
        let length = unit.rows.count
        for start in stride(from: 0, to: length, by: Self.tileRows) {
            body(Tile(rows: start..<min(length, start + Self.tileRows)))
        }
    }

    private func tileRoom(_ unit: Unit) -> Matrix {
        Matrix(rows: min(Self.tileRows, unit.rows.count), columns: unit.rows.count)
    }

    private func queryBlock(_ unit: Unit, _ head: Int, _ tile: Tile) -> Block {
        let (row, column) = (unit.rows.lowerBound, unit.firstQueryColumn)
        return Block(
            rows: row + tile.rows.lowerBound..<row + tile.rows.upperBound,
            columns: column + head * headDimension..<column + (head + 1) * headDimension
        )
    }

    /// Computes the probabilities of a tile.
    private func setProbabilities(_ scores: inout Matrix, _ unit: Unit, _ head: Int, _ tile: Tile) {
        multiply(
            queries,
            queryBlock(unit, head, tile),
            keys,
            unit.keyBlock(tile.keyCount),
            transposed: true,
            into: &scores,
            tile.scores,
            alpha: scale
        )
        unsafe octavo_causal_softmax(
            instructions.kernel,
            &scores.elements,
            tile.rows.count,
            tile.keyCount,
            unit.rows.count,
            tile.rows.lowerBound + 1
        )
    }
}

/// Adds `aᵀ · b` of two blocks to a block of `c`.
private func multiplyTransposed(
    _ a: Matrix,
    _ blockA: Block,
    _ b: Matrix,
    _ blockB: Block,
    addingTo c: inout Matrix,
    _ blockC: Block
) {
    precondition(a.all.contains(blockA) && b.all.contains(blockB) && c.all.contains(blockC))
    precondition(blockA.rows.count == blockB.rows.count)
    let stride = c.columns
    let start = blockC.rows.lowerBound * stride + blockC.columns.lowerBound
    let (a0, b0) = (
        blockA.rows.lowerBound * a.columns + blockA.columns.lowerBound,
        blockB.rows.lowerBound * b.columns + blockB.columns.lowerBound
    )
    var all = c.elements.mutableSpan
    var out = all._mutatingExtracting(start..<all.count)
    multiply(
        m: blockA.columns.count,
        n: blockB.columns.count,
        k: blockA.rows.count,
        a.elements.span.extracting(a0..<a.elements.count),
        stride: a.columns,
        transposed: true,
        b.elements.span.extracting(b0..<b.elements.count),
        stride: b.columns,
        into: &out,
        stride: stride,
        beta: 1
    )
}

extension Matrix {
    /// Copies all elements to a block of a larger matrix.
    fileprivate func write(to out: inout Matrix, row: Int, column: Int) {
        let stride = out.columns
        var target = out.elements.mutableSpan
        let source = elements.span
        for r in 0..<rows {
            let start = (row + r) * stride + column
            for c in 0..<columns { target[start + c] = source[r * columns + c] }
        }
    }
}
