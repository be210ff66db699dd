/// The symbols of a word while they are merged: a linked list in place.
struct SymbolList {
    private struct Symbol {
        /// The id of its token; `gone` once its left neighbour has swallowed it.
        var id: Int32
        var previous: Int32
        var next: Int32
    }

    private static let gone: Int32 = -1
    private var symbols: [Symbol] = []

    init(capacity: Int) { symbols.reserveCapacity(capacity) }

    mutating func append(_ id: Int) {
        let place = Int32(truncatingIfNeeded: symbols.count)
        symbols.append(
            Symbol(id: Int32(truncatingIfNeeded: id), previous: place - 1, next: place + 1)
        )
    }

    /// Merges neighbours until none can be.
    ///
    /// The possible merges wait in a queue, so that a word of n symbols takes O(n log n) steps,
    /// however long.
    mutating func merge(by merges: IntegerTable) {
        let count = symbols.count
        guard count > 1 else { return }
        var queue = MergeQueue(capacity: count)
        func merge(at left: Int) -> UInt64? {
            let symbol = symbols[left]
            guard symbol.next < count else { return nil }
            let right = symbols[Int(symbol.next)].id
            return merges[
                UInt64(UInt32(bitPattern: symbol.id)) << 32 | UInt64(UInt32(bitPattern: right))
            ]
        }
        for left in 0..<count - 1 {
            if let merge = merge(at: left) { queue.append(UInt32(merge >> 32), left) }
        }
        queue.order()
        while let (rank, left) = queue.pop() {
            // What was queued may be gone, or have become part of something else since.
            guard symbols[left].id != Self.gone, let found = merge(at: left),
                UInt32(found >> 32) == rank
            else { continue }
            let right = Int(symbols[left].next)
            symbols[left].id = Int32(truncatingIfNeeded: found)
            let next = symbols[right].next
            symbols[right].id = Self.gone
            symbols[left].next = next
            if next < count { symbols[Int(next)].previous = Int32(truncatingIfNeeded: left) }
            let previous = Int(symbols[left].previous)
            if previous >= 0, let merge = merge(at: previous) {
                queue.push(UInt32(merge >> 32), previous)
            }
            if let merge = merge(at: left) { queue.push(UInt32(merge >> 32), left) }
        }
    }

    /// Appends the ids of what is left.
    func append(to output: inout [Int]) {
        for symbol in symbols where symbol.id != Self.gone { output.append(Int(symbol.id)) }
    }
}
