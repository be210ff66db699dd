internal import FlyingFox
internal import FlyingSocks
internal import Synchronization

/// The body of an answer that is made while it is sent.
///
/// When the client goes away the stream is let go, and ends the work behind it.
struct ByteStream: AsyncBufferedSequence {
    let pieces: AsyncStream<[UInt8]>
    /// Let go when all is sent, or nothing more can be.
    let underway: Underway
    /// Whether the connection is closed behind it, whatever the client has sent meanwhile.
    var isLast = false

    func makeAsyncIterator() -> Iterator {
        Iterator(pieces: pieces.makeAsyncIterator(), underway: underway, isLast: isLast)
    }

    struct Iterator: AsyncBufferedIteratorProtocol {
        var pieces: AsyncStream<[UInt8]>.Iterator
        let underway: Underway
        let isLast: Bool
        private var rest: ArraySlice<UInt8> = []

        init(pieces: AsyncStream<[UInt8]>.Iterator, underway: Underway, isLast: Bool) {
            (self.pieces, self.underway, self.isLast) = (pieces, underway, isLast)
        }

        mutating func next() async throws -> UInt8? { try await nextBuffer(suggested: 1)?.first }

        mutating func nextBuffer(suggested count: Int) async throws -> ArraySlice<UInt8>? {
            while rest.isEmpty {
                guard let piece = await pieces.next(isolation: #isolation) else {
                    if isLast { throw SocketError.disconnected }
                    return nil
                }
                rest = piece[...]
            }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
    }
}

/// How many answers are being made or sent.
final class AnswerCount: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    fileprivate func add(_ change: Int) { count.add(change, ordering: .relaxed) }
}

/// An answer that is being made or sent: it counts for as long as somebody holds this.
final class Underway: Sendable {
    private let count: AnswerCount

    init(_ count: AnswerCount) {
        self.count = count
        count.add(1)
    }

    deinit { count.add(-1) }
}
