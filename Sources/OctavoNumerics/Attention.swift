import OctavoBase
internal import CKernels

/// Queries that follow each other in one sequence, and the keys that they may see.
public struct AttentionSpan: Sendable, Equatable {
    /// The row of the first query.
    public var firstQuery: Int
    /// The number of queries.
    public var queryCount: Int
    /// The row of the first key (and value).
    public var firstKey: Int
    /// The number of keys that the last query sees; each query before it sees one less.
    public var keyCount: Int

    /// A span.
    public init(firstQuery: Int, queryCount: Int, firstKey: Int, keyCount: Int) {
        self.firstQuery = firstQuery
        self.queryCount = queryCount
        self.firstKey = firstKey
        self.keyCount = keyCount
    }
}

/// Causal attention with grouped heads: `softmax(scale · q · kᵀ) · v` for each query and head.
///
/// Consecutive query heads share a key head. The result does not depend on `threads`.
///
/// - Parameters:
///   - queries: `[rows, heads · headDimension]`.
///   - keys: `[keyRows, keyValueHeads · headDimension]`, flat.
///   - values: As `keys`.
///   - spans: Disjoint rows of queries; the rows that none covers come out zero.
///   - rule: The shape of a head, and how scores are formed.
///   - keyValueHeads: The number of key heads; divides that of query heads.
///   - threads: The threads that share the heads and rows.
///   - isa: The kernels to use.
/// - Returns: As `queries`.
public func causalAttention(
    queries: Matrix,
    keys: [Float],
    values: [Float],
    spans: [AttentionSpan],
    rule: AttentionRule,
    keyValueHeads: Int,
    threads: Int,
    on isa: InstructionSet = .best
) -> Matrix {
    let headDimension = rule.headDimension
    let width = keyValueHeads * headDimension
    let heads = queries.columns / headDimension
    precondition(heads % keyValueHeads == 0 && queries.columns == heads * headDimension)
    precondition(keys.count == values.count)
    let units = spans.flatMap(chunks(of:))
    for unit in units {
        precondition(unit.queryCount >= 1 && unit.queryCount <= unit.keyCount)
        precondition(unit.firstQuery >= 0 && unit.firstQuery + unit.queryCount <= queries.rows)
        precondition(unit.firstKey >= 0 && (unit.firstKey + unit.keyCount) * width <= keys.count)
    }
    var out = Matrix(rows: queries.rows, columns: queries.columns)
    let columns = queries.columns
    unsafe queries.elements.withUnsafeBufferPointer { queries in
        unsafe keys.withUnsafeBufferPointer { keys in
            unsafe values.withUnsafeBufferPointer { values in
                unsafe out.elements.withUnsafeMutableBufferPointer { out in
                    guard let queries = queries.baseAddress, let keys = keys.baseAddress,
                        let values = values.baseAddress, let out = out.baseAddress
                    else { return }
                    // A unit writes to its own rows and columns of `out` and reads the rest.
                    nonisolated(unsafe) let (q, k, v, o) = unsafe (queries, keys, values, out)
                    parallel(units.count * keyValueHeads, threads: threads) { index in
                        let unit = units[index / keyValueHeads]
                        let keyHead = index % keyValueHeads
                        let key = unit.firstKey * width + keyHead * headDimension
                        unsafe withUnsafeTemporaryAllocation(
                            of: Float.self,
                            capacity: unit.keyCount
                        ) {
                            scores in
                            guard let scores = scores.baseAddress else { return }
                            let group = heads / keyValueHeads
                            for row in 0..<unit.queryCount {
                                let visible = unit.keyCount - unit.queryCount + row + 1
                                let seen = min(visible, rule.window ?? visible)
                                let first = key + (visible - seen) * width
                                for head in keyHead * group..<(keyHead + 1) * group {
                                    let at =
                                        (unit.firstQuery + row) * columns + head * headDimension
                                    unsafe octavo_attend(
                                        isa.kernel,
                                        q + at,
                                        k + first,
                                        v + first,
                                        width,
                                        seen,
                                        headDimension,
                                        rule.scale,
                                        rule.cap ?? 0,
                                        scores,
                                        o + at
                                    )
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    return out
}

/// Cuts a span into pieces of up to 32 queries, for threads to share.
private func chunks(of span: AttentionSpan) -> [AttentionSpan] {
    stride(from: 0, to: span.queryCount, by: 32).map { start in
        let count = min(32, span.queryCount - start)
        return AttentionSpan(
            firstQuery: span.firstQuery + start,
            queryCount: count,
            firstKey: span.firstKey,
            keyCount: span.keyCount - span.queryCount + start + count
        )
    }
}
