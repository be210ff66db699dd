internal import FlyingFox
internal import FlyingSocks

/// The body of an answer that is made while it is sent.
///
/// When the client goes away the stream is let go, and ends the work behind it.
struct ByteStream: AsyncBufferedSequence {
    let pieces: AsyncStream<[UInt8]>
    /// Whether the connection is closed behind it, whatever the client has sent meanwhile.
    var isLast = false

    func makeAsyncIterator() -> Iterator {
        Iterator(pieces: pieces.makeAsyncIterator(), isLast: isLast)
    }

    struct Iterator: AsyncBufferedIteratorProtocol {
        var pieces: AsyncStream<[UInt8]>.Iterator
        let isLast: Bool
        private var rest: ArraySlice<UInt8> = []

        init(pieces: AsyncStream<[UInt8]>.Iterator, isLast: Bool) {
            (self.pieces, self.isLast) = (pieces, isLast)
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
