/// A rectangle within a matrix.
public struct Block: Hashable, Sendable {
    /// The rows it spans.
    public var rows: Range<Int>
    /// The columns it spans.
    public var columns: Range<Int>

    /// The rectangle of these rows and columns.
    public init(rows: Range<Int>, columns: Range<Int>) {
        self.rows = rows
        self.columns = columns
    }

    /// Whether a block lies within this one.
    public func contains(_ block: Block) -> Bool {
        rows.contains(block.rows) && columns.contains(block.columns)
    }
}

/// Computes `c = alpha · a · op(b) + beta · c` for a block of each of three matrices, where `op(b)` is
/// `b` or its transpose.
///
/// An empty block leaves `c` as it is.
public func multiply(
    _ a: Matrix,
    _ blockA: Block,
    _ b: Matrix,
    _ blockB: Block,
    transposed: Bool = false,
    into c: inout Matrix,
    _ blockC: Block,
    alpha: Float = 1,
    beta: Float = 0
) {
    let (m, n, k) = (blockC.rows.count, blockC.columns.count, blockA.columns.count)
    guard m > 0, n > 0, k > 0 else { return }
    precondition(blockA.rows.count == m)
    precondition((transposed ? blockB.columns : blockB.rows).count == k)
    precondition((transposed ? blockB.rows : blockB.columns).count == n)
    precondition(a.all.contains(blockA) && b.all.contains(blockB) && c.all.contains(blockC))
    let stride = c.columns
    let start = blockC.rows.lowerBound * stride + blockC.columns.lowerBound
    var all = c.elements.mutableSpan
    var out = all._mutatingExtracting(start..<all.count)
    multiply(
        m: m,
        n: n,
        k: k,
        a.from(blockA),
        stride: a.columns,
        transposed: false,
        b.from(blockB),
        stride: b.columns,
        transposed: transposed,
        into: &out,
        stride: stride,
        alpha: alpha,
        beta: beta
    )
}

extension Matrix {
    /// The elements from the first of a block on.
    @_lifetime(borrow self)
    fileprivate func from(_ block: Block) -> Span<Float> {
        let span = elements.span
        return span.extracting(
            block.rows.lowerBound * columns + block.columns.lowerBound..<span.count
        )
    }

    /// All of the matrix.
    public var all: Block { Block(rows: 0..<rows, columns: 0..<columns) }

    /// All rows of some columns.
    public func block(columns: Range<Int>) -> Block { Block(rows: 0..<rows, columns: columns) }

    /// All columns of some rows.
    public func block(rows: Range<Int>) -> Block { Block(rows: rows, columns: 0..<columns) }
}
