internal import FlyingFox
internal import Foundation
internal import OctavoBase

/// The body of a request, read a piece at a time.
///
/// What a handler leaves unread must be drained before the answer: on a kept connection it would be
/// read as the next request.
struct RequestBody {
    private var iterator: HTTPBodySequence.Iterator
    private var isAtEnd = false
    /// The length that was announced; nil for a chunked body.
    let announced: Int?

    init(_ request: HTTPRequest) {
        iterator = request.bodySequence.makeAsyncIterator()
        announced = request.bodySequence.count
    }

    /// The next bytes; nil at the end.
    mutating func next() async throws -> [UInt8]? {
        guard !isAtEnd else { return nil }
        guard let data = try await iterator.next(isolation: #isolation), !data.isEmpty else {
            isAtEnd = true
            return nil
        }
        return [UInt8](data)
    }

    /// All bytes, if they are not more than `limit`.
    mutating func collect(limit: Int) async throws -> [UInt8] {
        if let announced, announced > limit { throw Refusal.tooLarge(limit) }
        var bytes: [UInt8] = []
        while let piece = try await next() {
            guard bytes.count + piece.count <= limit else { throw Refusal.tooLarge(limit) }
            bytes.append(contentsOf: piece)
        }
        return bytes
    }

    /// Reads all lines, about a megabyte of them at a time, and holds no more.
    ///
    /// - Parameters:
    ///   - limit: The most bytes of the body.
    ///   - lineLimit: The most bytes of a line.
    ///   - take: Is given lines in order, without what ends them; waited for before more is read.
    /// - Throws: `Refusal` with status 413 for what is too long; what the body throws.
    mutating func forEachLines(
        limit: Int,
        lineLimit: Int,
        _ take: ([[UInt8]]) async throws -> Void
    ) async throws {
        if let announced, announced > limit { throw Refusal.tooLarge(limit) }
        var cutter = LineCutter(limit: lineLimit)
        var lines: [[UInt8]] = []
        var (waiting, count) = (0, 0)
        while let piece = try await next() {
            count += piece.count
            guard count <= limit else { throw Refusal.tooLarge(limit) }
            let whole = try cutter.cut(piece)
            lines += whole
            waiting += whole.reduce(0) { $0 + $1.count + 1 }
            if waiting >= 1 << 20 {
                try await take(lines)
                (lines, waiting) = ([], 0)
            }
        }
        try await take(lines + [cutter.finish()])
    }

    /// Writes all bytes, in constant memory.
    mutating func pour(into sink: some ByteSink) async throws {
        // The network gives small pieces; a megabyte at a time is worth a thread.
        var piece: [UInt8] = []
        while let bytes = try await next() {
            piece.append(contentsOf: bytes)
            if piece.count >= 1 << 20 {
                let full = piece
                try await runBlocking { try sink.write(full) }
                piece.removeAll(keepingCapacity: true)
            }
        }
        let last = piece
        try await runBlocking { try sink.write(last) }
    }

    /// All bytes as JSON.
    mutating func json(limit: Int = 4 << 20) async throws -> JSON {
        let bytes = try await collect(limit: limit)
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw Refusal.badRequest(error.description)
        }
    }

    /// Reads on to the end and forgets what comes.
    mutating func drain() async throws {
        while try await next() != nil {}
    }
}
