import OctavoBase
internal import CKernels

/// Products of a number with a number below which threads cost more than they save, some 20 µs of one.
private let leastWorkOfThreads = 1 << 18

extension AttentionCache {
    /// Causal attention with grouped heads: `softmax(scale · q · kᵀ) · v` for each query and head.
    ///
    /// Consecutive query heads share a key head. The bits of a row depend on its query, the keys and values that it
    /// sees, and the kernels: neither on `threads` nor on the queries beside it.
    ///
    /// - Parameters:
    ///   - queries: `[rows, heads · headDimension]`.
    ///   - spans: Disjoint rows of queries, whose keys and values are stored; rows that none covers come out zero.
    ///   - rule: The shape of a head, and how scores are formed.
    ///   - threads: The threads that share the heads, the rows and, where these are few, the keys.
    ///   - isa: The kernels to use.
    /// - Returns: As `queries`.
    public func attend(
        _ queries: Matrix,
        at spans: [AttentionSpan],
        rule: AttentionRule,
        threads: Int,
        on isa: InstructionSet = .best
    ) -> Matrix {
        var out = Matrix(rows: queries.rows, columns: queries.columns)
        attend(queries, at: spans, rule: rule, into: &out, threads: threads, on: isa)
        return out
    }

    /// The same, into the rows of a matrix in the shape of the queries; rows that no span covers are left alone.
    func attend(
        _ queries: Matrix,
        at spans: [AttentionSpan],
        rule: AttentionRule,
        into out: inout Matrix,
        threads: Int,
        on isa: InstructionSet
    ) {
        let heads = queries.columns / headDimension
        precondition(rule.headDimension == headDimension)
        precondition(heads > 0 && queries.columns == heads * headDimension)
        precondition(heads % keyValueHeads == 0)
        precondition(out.rows == queries.rows && out.columns == queries.columns)
        check(spans, rows: queries.rows)
        let units = AttentionUnit.units(of: spans, heads: heads, keyHeads: keyValueHeads)
        let work = units.reduce(0) { $0 + $1.rows * $1.keys(window: rule.window).count }
        let threads = work * headDimension < leastWorkOfThreads ? 1 : threads
        let plan = AttentionPlan(units, rule, dividesKeys: threads > 1)
        var parts = [Float](repeating: 0, count: plan.partCount)
        let columns = queries.columns
        unsafe keys.withUnsafeBytes { keys in
            unsafe values.withUnsafeBytes { values in
                unsafe queries.elements.withUnsafeBufferPointer { queries in
                    unsafe out.elements.withUnsafeMutableBufferPointer { out in
                        unsafe parts.withUnsafeMutableBufferPointer { parts in
                            guard let keys = keys.baseAddress, let values = values.baseAddress,
                                let queries = queries.baseAddress, let out = out.baseAddress
                            else { return }
                            let access = unsafe AttentionAccess(
                                cache: self,
                                rule: rule,
                                isa: isa.kernel,
                                columns: columns,
                                keys: keys,
                                values: values,
                                queries: queries,
                                out: out,
                                parts: parts.baseAddress ?? out
                            )
                            parallel(plan.pieces.count, threads: threads) { index in
                                access.run(plan.pieces[index])
                            }
                            for join in plan.joins { access.join(join) }
                        }
                    }
                }
            }
        }
    }
}

/// What is read and written while a cache attends, for as long as its memory is lent.
///
/// Each piece writes rows and columns of the output, or a part, of its own.
@safe
private struct AttentionAccess: @unchecked Sendable {
    let cache: AttentionCache
    let rule: AttentionRule
    let isa: octavo_isa
    /// Those of the queries and of the output.
    let columns: Int
    let keys: UnsafeRawPointer
    let values: UnsafeRawPointer
    let queries: UnsafePointer<Float>
    let out: UnsafeMutablePointer<Float>
    let parts: UnsafeMutablePointer<Float>

    /// Computes all of a unit, or a part.
    func run(_ piece: AttentionPiece) {
        let unit = piece.unit
        var (head, rows) = unsafe (head(of: unit), rows(of: unit))
        let room = octavo_attention_room(unit.rows, cache.headDimension)
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: room) { room in
            guard let room = room.baseAddress else { return }
            if let stretch = piece.stretch {
                unsafe octavo_attend_stretch(isa, &head, &rows, stretch, room, parts + piece.part)
            } else {
                unsafe octavo_attend(isa, &head, &rows, room, out + place(of: unit), columns)
            }
        }
    }

    /// Joins the parts of a unit.
    func join(_ join: AttentionPlan.Join) {
        let unit = join.unit
        var (head, rows) = unsafe (head(of: unit), rows(of: unit))
        unsafe octavo_join_stretches(
            isa,
            &head,
            &rows,
            parts + join.part,
            join.count,
            out + place(of: unit),
            columns
        )
    }

    /// The first of a unit's elements among the queries, and in the output.
    private func place(of unit: AttentionUnit) -> Int {
        (unit.span.firstQuery + unit.tokens.lowerBound) * columns
            + unit.heads.lowerBound * cache.headDimension
    }

    private func rows(of unit: AttentionUnit) -> octavo_query_rows {
        unsafe octavo_query_rows(
            queries: queries + place(of: unit),
            stride: columns,
            tokens: unit.tokens.count,
            heads: unit.heads.count,
            position: unit.position
        )
    }

    private func head(of unit: AttentionUnit) -> octavo_key_head {
        let slab = unit.span.sequence * cache.keyValueHeads + unit.keyHead
        let width = cache.precision.width
        return unsafe octavo_key_head(
            keys: keys + slab * cache.keysOfHead * width,
            values: values + slab * cache.valuesOfHead * width,
            halves: cache.precision == .half ? 1 : 0,
            dimension: cache.headDimension,
            scale: rule.scale,
            cap: rule.cap ?? 0,
            window: rule.window ?? .max
        )
    }
}
