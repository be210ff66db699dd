internal import FlyingFox
internal import Foundation
internal import OctavoBase

/// The body of a request.
///
/// What a handler leaves unread must be drained before the answer: on a kept connection it would be read as the next
/// request.
struct RequestBytes {
    private var iterator: HTTPBodySequence.Iterator
    private var isAtEnd = false
    private let announced: Int?

    init(_ request: HTTPRequest) {
        iterator = request.bodySequence.makeAsyncIterator()
        announced = request.bodySequence.count
    }

    private mutating func next() async throws -> Data? {
        guard !isAtEnd else { return nil }
        guard let data = try await iterator.next(isolation: #isolation), !data.isEmpty else {
            isAtEnd = true
            return nil
        }
        return data
    }

    /// All bytes, if they are not more than `limit`.
    mutating func collect(limit: Int) async throws -> [UInt8] {
        if let announced, announced > limit { throw APIError.tooLarge(limit) }
        var bytes: [UInt8] = []
        while let piece = try await next() {
            guard bytes.count + piece.count <= limit else { throw APIError.tooLarge(limit) }
            bytes.append(contentsOf: piece)
        }
        return bytes
    }

    /// Reads on and forgets what comes.
    ///
    /// - Returns: Whether the end was reached within so many bytes.
    mutating func drain(limit: Int) async throws -> Bool {
        var count = 0
        while let piece = try await next() {
            count += piece.count
            if count > limit { return false }
        }
        return true
    }
}
