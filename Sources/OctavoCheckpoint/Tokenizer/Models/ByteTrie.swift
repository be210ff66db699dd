/// Strings of bytes, found from their first byte on.
struct ByteTrie: Sendable {
    /// The node that a byte leads to from a node, under `node << 8 | byte`.
    private var edges = IntegerTable()
    /// The value of the string that ends at each node, or -1.
    private var values: [Int32] = [-1]
    /// Whether some string starts with a byte: most places of a text end the search here.
    private var isFirst = [Bool](repeating: false, count: 256)

    /// Adds a string; of two that are the same the first counts.
    mutating func insert(_ string: some Sequence<UInt8>, value: Int) {
        var node: UInt64 = 0
        for byte in string {
            if node == 0 { isFirst[Int(byte)] = true }
            let edge = node << 8 | UInt64(byte)
            if let next = edges[edge] {
                node = next
            } else {
                node = UInt64(values.count)
                edges[edge] = node
                values.append(-1)
            }
        }
        if values[Int(node)] < 0 { values[Int(node)] = Int32(truncatingIfNeeded: value) }
    }

    /// Reports each string that starts at an index of a text, the shortest first: its value and end.
    func forEachPrefix(
        of text: ArraySlice<UInt8>,
        from start: Int,
        _ body: (_ value: Int, _ end: Int) -> Void
    ) {
        guard isFirst[Int(text[start])] else { return }
        var node: UInt64 = 0
        var at = start
        while at < text.endIndex, let next = edges[node << 8 | UInt64(text[at])] {
            node = next
            at += 1
            let value = values[Int(node)]
            if value >= 0 { body(Int(value), at) }
        }
    }

    /// The longest string that starts at an index of a text: its value and end.
    func longestPrefix(of text: ArraySlice<UInt8>, from start: Int) -> (value: Int, end: Int)? {
        var found: (value: Int, end: Int)?
        forEachPrefix(of: text, from: start) { found = ($0, $1) }
        return found
    }
}
