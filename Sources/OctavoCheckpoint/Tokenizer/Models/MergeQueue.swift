/// A queue of possible merges: the lowest rank first, and of equal ranks the leftmost.
///
/// A binary heap of `rank << 32 | place`.
struct MergeQueue {
    private var heap: [UInt64] = []

    init(capacity: Int) { heap.reserveCapacity(capacity) }

    private static func item(_ rank: UInt32, _ place: Int) -> UInt64 {
        UInt64(rank) << 32 | UInt64(UInt32(truncatingIfNeeded: place))
    }

    /// Adds a merge before `order` is called.
    mutating func append(_ rank: UInt32, _ place: Int) { heap.append(Self.item(rank, place)) }

    /// Makes a heap of what was appended, in steps proportional to how much that is.
    mutating func order() {
        for parent in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(from: parent) }
    }

    mutating func push(_ rank: UInt32, _ place: Int) {
        let item = Self.item(rank, place)
        heap.append(item)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard item < heap[parent] else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = item
    }

    mutating func pop() -> (rank: UInt32, place: Int)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink(from: 0)
        }
        return (UInt32(first >> 32), Int(UInt32(truncatingIfNeeded: first)))
    }

    private mutating func sink(from start: Int) {
        let item = heap[start]
        var parent = start
        while true {
            var child = parent * 2 + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count && heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < item else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = item
    }
}
