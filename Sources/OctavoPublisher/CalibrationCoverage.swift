/// Chooses those of a text's sequences that together cover its tokens best.
///
/// What is seldom or never seen in calibration comes out of a quantized model worst: there most of its error is on other
/// text. So of more sequences than are wanted, those are taken whose tokens are many and different. The n-th
/// occurrence of a token counts 1/n, and one sequence after the other is chosen, each the one that adds most:
/// repetition adds little, and boilerplate is passed over. (A sequence adds less the later it is chosen, so that greedy
/// choice is near the best, and most need not be looked at again: Minoux, "Accelerated greedy algorithms for maximizing
/// submodular set functions", 1978.)
///
/// - Parameters:
///   - count: How many sequences are wanted.
///   - sequences: All there are.
/// - Returns: The indices of at most `count` of them, in ascending order; of equals the first.
func sequencesCoveringMost(_ count: Int, of sequences: [ArraySlice<Int>]) -> [Int] {
    guard sequences.count > count else { return Array(sequences.indices) }
    let contents = sequences.map { sequence in
        var counts: [Int: Int] = [:]
        for token in sequence { counts[token, default: 0] += 1 }
        return counts.sorted { $0.key < $1.key }
    }
    var covered: [Int: Int] = [:]
    func gain(_ index: Int) -> Double {
        var sum = 0.0
        for (token, times) in contents[index] {
            let before = covered[token] ?? 0
            for n in before + 1...before + times { sum += 1 / Double(n) }
        }
        return sum
    }
    var bounds = sequences.indices.map(gain)
    var chosen: [Int] = []
    while chosen.count < count {
        // The gain of the sequence with the largest bound is found anew until it is still the largest.
        var best = largest(bounds)
        while true {
            bounds[best] = gain(best)
            let next = largest(bounds)
            guard next != best else { break }
            best = next
        }
        chosen.append(best)
        for (token, times) in contents[best] { covered[token, default: 0] += times }
        bounds[best] = -1
    }
    return chosen.sorted()
}

/// The first index of the largest number; 0 of none.
private func largest(_ numbers: [Double]) -> Int {
    var best = 0
    for index in numbers.indices where numbers[index] > numbers[best] { best = index }
    return best
}
