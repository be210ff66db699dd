/// Hands on text that arrives a few bytes at a time: whole characters only, and nothing that may turn out to
/// be the beginning of a stop string.
struct TextCutter {
    /// In UTF-8; none is empty.
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether a stop string has come; what follows is not taken any more.
    private(set) var isStopped = false

    init(stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

    /// Takes the next bytes.
    ///
    /// - Returns: What can be handed on; the stop string and what is behind it never is.
    mutating func take(_ bytes: [UInt8]) -> String {
        guard !isStopped else { return "" }
        held += bytes
        if let end = firstStop() {
            isStopped = true
            held.removeSubrange(end...)
            return release(held.count)
        }
        return release(completeLength(held, upTo: held.count - stopLikeEnd()))
    }

    /// What is held back when no more comes; bytes that are no text become U+FFFD.
    mutating func finish() -> String { release(held.count) }

    private mutating func release(_ count: Int) -> String {
        defer { held.removeFirst(count) }
        return String(decoding: held[..<count], as: UTF8.self)
    }

    /// Where the first stop string begins.
    private func firstStop() -> Int? {
        held.indices.first { start in stops.contains { held[start...].starts(with: $0) } }
    }

    /// How many bytes of the end may be the beginning of a stop string.
    private func stopLikeEnd() -> Int {
        let longest = stops.map { $0.count - 1 }.max() ?? 0
        let lengths = stride(from: min(longest, held.count), to: 0, by: -1)
        return lengths.first { length in
            stops.contains { $0.count > length && held.suffix(length).elementsEqual($0[..<length]) }
        } ?? 0
    }
}

/// The length of a beginning of the bytes that does not end within a character.
private func completeLength(_ bytes: [UInt8], upTo end: Int) -> Int {
    for back in 1...4 where back <= end {
        let byte = bytes[end - back]
        if byte & 0xC0 == 0x80 { continue }
        let width = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
        return width > back ? end - back : end
    }
    return end
}
