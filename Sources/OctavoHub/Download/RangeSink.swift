internal import OctavoBase
internal import Synchronization

/// Takes a range of a file that is larger, exactly, and passes on what comes.
final class RangeSink: ResumableSink {
    private let path: RepositoryPath
    private let wanted: Range<Int>
    private let total: Int
    private let taken = Mutex(0)
    private let take: @Sendable (RawSpan, Int) throws -> Void

    /// Prepares to take a range.
    ///
    /// - Parameters:
    ///   - path: The file, for messages.
    ///   - wanted: The range.
    ///   - total: The length of the whole file.
    ///   - take: Is given bytes, in order, and the place of the first in the file.
    init(
        _ path: RepositoryPath,
        _ wanted: Range<Int>,
        of total: Int,
        take: @escaping @Sendable (RawSpan, Int) throws -> Void
    ) {
        self.path = path
        self.wanted = wanted
        self.total = total
        self.take = take
    }

    var count: Int { taken.withLock { $0 } }
    var size: Int { wanted.count }
    var range: String? { "bytes=\(span)" }
    /// First and last byte of what is missing.
    private var span: String { "\(wanted.lowerBound + count)-\(wanted.upperBound - 1)" }

    /// Accepts a 206 of exactly what is missing.
    ///
    /// A 200 would bring the whole file.
    func accepts(_ response: WebResponse) throws -> Bool {
        switch response.status {
        case 200: throw HubError.rangeIgnored(path: path.description)
        case 206:
            try requireRange(in: response, "bytes \(span)/\(total)", of: path)
            return true
        default: return false
        }
    }

    func write(_ bytes: RawSpan) throws {
        try taken.withLock { taken in
            guard bytes.byteCount <= wanted.count - taken else {
                throw HubError.wrongSize(
                    path: path.description,
                    expected: wanted.count,
                    found: taken + bytes.byteCount
                )
            }
            try take(bytes, wanted.lowerBound + taken)
            taken += bytes.byteCount
        }
    }

    func restart() throws {
        throw HubError.rangeNotSatisfiable(
            message: "bytes \(span) of \(path), which it said has \(total)"
        )
    }
}

/// Refuses a 206 of another range than was asked for.
func requireRange(in response: WebResponse, _ wanted: String, of path: RepositoryPath) throws {
    let found = response.headers["content-range"] ?? "none"
    guard found == wanted else {
        throw HubError.malformedReply(
            from: path.description,
            problem: "its range is \(found.prefix(100)), not \(wanted)"
        )
    }
}
