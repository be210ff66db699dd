internal import CKernels

extension SequenceAttention {
    /// The gradients of what attention takes.
    public struct Gradients: Sendable {
        /// As the queries.
        public var queries: Matrix
        /// As the keys.
        public var keys: Matrix
        /// As the values.
        public var values: Matrix
    }

    /// Returns the gradients, given that of the output.
    ///
    /// Probabilities are computed anew. The result does not depend on `threads`.
    public func backward(_ gradient: Matrix) -> Gradients {
        precondition(gradient.rows == queries.rows && gradient.columns == queries.columns)
        var gradients = Gradients(
            queries: Matrix(rows: queries.rows, columns: queries.columns),
            keys: Matrix(rows: keys.rows, columns: keys.columns),
            values: Matrix(rows: keys.rows, columns: keys.columns)
        )
        forEachUnit { unit in
            backward(gradient, unit)
        } collect: { unit, part in
            let (row, column) = (unit.rows.lowerBound, unit.keyColumns.lowerBound)
            part.queries.copy(to: &gradients.queries, row: row, column: unit.firstQueryColumn)
            part.keys.copy(to: &gradients.keys, row: row, column: column)
            part.values.copy(to: &gradients.values, row: row, column: column)
        }
        return gradients
    }

    /// The gradients of a unit's own queries, keys and values.
    private func backward(_ gradient: Matrix, _ unit: Unit) -> Gradients {
        let length = unit.rows.count
        var out = Gradients(
            queries: Matrix(rows: length, columns: groupWidth),
            keys: Matrix(rows: length, columns: rule.headDimension),
            values: Matrix(rows: length, columns: rule.headDimension)
        )
        var probabilities = tileRoom(unit)
        var slopes = probabilities
        forEachTile(of: unit) { tile in
            let (scores, queryBlock, keyBlock) = (tile.scores, tile.queries, tile.keys)
            let firstKey = keyBlock.rows.lowerBound - unit.rows.lowerBound
            setScores(&probabilities, tile)
            let capped = rule.cap == nil ? nil : probabilities
            turnIntoProbabilities(&probabilities, tile)
            addTransposed(
                probabilities,
                scores,
                times: gradient,
                queryBlock,
                to: &out.values,
                row: firstKey
            )
            multiply(
                gradient,
                queryBlock,
                values,
                keyBlock,
                transposed: true,
                into: &slopes,
                scores
            )
            unsafe octavo_causal_softmax_backward(
                instructions.kernel,
                probabilities.elements,
                &slopes.elements,
                scores.rows.count,
                scores.columns.count,
                length,
                tile.visible,
                rule.scale
            )
            if let cap = rule.cap, let capped {
                slopes.softCapBackward(cap, capped: capped, on: instructions)
            }
            multiply(slopes, scores, keys, keyBlock, into: &out.queries, tile.output)
            addTransposed(
                slopes,
                scores,
                times: queries,
                queryBlock,
                to: &out.keys,
                row: firstKey
            )
        }
        return out
    }
}

/// Adds `aᵀ · b` of two blocks to the rows of `c` from the given one on.
private func addTransposed(
    _ a: Matrix,
    _ blockA: Block,
    times b: Matrix,
    _ blockB: Block,
    to c: inout Matrix,
    row: Int
) {
    precondition(a.all.contains(blockA) && b.all.contains(blockB))
    precondition(blockA.rows.count == blockB.rows.count)
    precondition(row >= 0 && row + blockA.columns.count <= c.rows)
    precondition(blockB.columns.count == c.columns)
    /// The elements from the first of a block on.
    func start(_ block: Block, _ stride: Int) -> Int {
        block.rows.lowerBound * stride + block.columns.lowerBound
    }
    let stride = c.columns
    var all = c.elements.mutableSpan
    var out = all._mutatingExtracting(row * stride..<all.count)
    multiply(
        m: blockA.columns.count,
        n: blockB.columns.count,
        k: blockA.rows.count,
        a.elements.span.extracting(start(blockA, a.columns)..<a.elements.count),
        stride: a.columns,
        transposed: true,
        b.elements.span.extracting(start(blockB, b.columns)..<b.elements.count),
        stride: b.columns,
        into: &out,
        stride: stride,
        beta: 1
    )
}
