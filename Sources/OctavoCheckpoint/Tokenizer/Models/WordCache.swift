/// Remembers the tokens of words met lately: text repeats its words.
struct WordCache {
    private struct Slot {
        var word: ArraySlice<UInt8> = []
        /// Where in the output the word's tokens are.
        var ids = 0..<0
    }

    // Each word has one place; the last to need it has it.
    private var slots = [Slot](repeating: Slot(), count: 4096)

    /// Appends the tokens of a word, computing them if they are not remembered.
    mutating func append(
        _ word: ArraySlice<UInt8>,
        to output: inout [Int],
        _ compute: (ArraySlice<UInt8>, inout [Int]) -> Void
    ) {
        let place = Self.place(of: word)
        if slots[place].word == word {
            for index in slots[place].ids { output.append(output[index]) }
        } else {
            let start = output.count
            compute(word, &output)
            slots[place] = Slot(word: word, ids: start..<output.count)
        }
    }

    /// FNV-1a, folded to the number of slots.
    private static func place(of word: ArraySlice<UInt8>) -> Int {
        var hash: UInt32 = 0x811C_9DC5
        for byte in word { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return Int((hash ^ hash >> 16) & 4095)
    }
}
