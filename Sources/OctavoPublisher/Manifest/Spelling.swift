/// The one of some words that somebody most likely meant by another; nil if none is near.
///
/// Near is: as many letters to change, add, drop or swap as a third of the word, two at least.
func nearest(to word: String, among words: [String]) -> String? {
    let limit = max(2, word.utf8.count / 3)
    let ranked = words.map { ($0, distance(Array(word.utf8), Array($0.utf8))) }
    guard let best = ranked.min(by: { $0.1 < $1.1 }), best.1 <= limit else { return nil }
    return best.0
}

/// How many bytes must be changed, added, dropped or swapped with their neighbour to make one text the other.
private func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    // A key longer than any that is known is near none.
    guard a.count <= 64, b.count <= 64 else { return .max }
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                least = min(least, rows[i - 1][j - 1] + 1)
            }
            row.append(least)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
