/// A table from whole numbers to whole numbers that is looked up far more often than it is filled.
///
/// Open addressing with linear probing, at most half full; a key and its value share a cache line.
/// The hash is seeded anew in each process, so that no file can be made whose keys all collide.
struct IntegerTable: Sendable {
    private struct Entry {
        var key = IntegerTable.vacant
        var value: UInt64 = 0
    }

    /// Marks an entry that is not in use; no key may be this.
    private static let vacant = UInt64.max
    private static let seed = UInt64.random(in: .min ... .max)

    private var entries: [Entry]
    private(set) var count = 0

    /// An empty table with room for so many keys.
    init(capacity: Int = 0) {
        entries = Array(repeating: Entry(), count: Self.size(for: capacity))
    }

    private static func size(for keys: Int) -> Int {
        var size = 16
        while size < keys * 2 { size *= 2 }
        return size
    }

    /// Where a key is, or where it would be put.
    private func place(of key: UInt64) -> Int {
        var hash = (key ^ Self.seed) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
        let mask = entries.count - 1
        var place = Int(truncatingIfNeeded: hash >> 32) & mask
        while entries[place].key != key, entries[place].key != Self.vacant {
            place = (place + 1) & mask
        }
        return place
    }

    /// The value of a key.
    subscript(key: UInt64) -> UInt64? {
        get {
            let entry = entries[place(of: key)]
            return entry.key == key ? entry.value : nil
        }
        set {
            guard let newValue, key != Self.vacant else { return }
            if (count + 1) * 2 > entries.count { grow() }
            let place = place(of: key)
            if entries[place].key == Self.vacant { count += 1 }
            entries[place] = Entry(key: key, value: newValue)
        }
    }

    private mutating func grow() {
        let old = entries
        entries = Array(repeating: Entry(), count: old.count * 2)
        for entry in old where entry.key != Self.vacant { entries[place(of: entry.key)] = entry }
    }
}
