private import Glibc
internal import OctavoBase
internal import Synchronization

// Multipart uploads (hub-protocol 6.3): an object goes in parts, each to a URL of its own, and then the hub is told
// the ETags of all of them.

extension ObjectUpload {
    /// How long the URLs of a hub that does not say are taken to be good, in seconds.
    private static let usualLifetime = 3600

    /// Sends the parts that the hub has not got.
    ///
    /// - Returns: How many bytes were sent.
    func putParts(_ upload: LFSActions.Action, _ chunk: String) async throws -> Int {
        let fresh = try session(upload, chunk)
        guard let begun = journal?.session(object.oid, at: fresh.hub, size: object.file.size),
            begun.isSafe(for: client.configuration.endpoint)
        else { return try await send(fresh) }
        do {
            return try await send(begun)
        } catch let error as HubError where error.isAnswer {
            // The hub has forgotten what was begun; it has just offered to begin anew.
            return try await send(fresh)
        }
    }

    private func send(_ session: UploadJournal.Session) async throws -> Int {
        journal?.begin(session, of: object.oid)
        let size = object.file.size
        let state = Mutex((tags: session.tags, counts: [Int: Int]()))
        let sent = Counter()
        for part in session.tags.keys {
            state.withLock { $0.counts[part] = session.range(part, of: size).count }
        }
        do {
            let missing = session.parts.indices.filter { session.tags[$0] == nil }
            try await forEach(missing, atOnce: client.limits.parts) { index in
                let range = session.range(index, of: size)
                var request = WebRequest("PUT", session.parts[index])
                request.isPresigned = true
                request.body = .file(path: object.file.location, range: range)
                request.onSent = { count in
                    onSent(
                        state.withLock { state in
                            state.counts[index] = count
                            return state.counts.values.reduce(0, +)
                        }
                    )
                }
                let response = try await client.carryOut(request)
                guard let tag = response.headers["etag"], !tag.isEmpty else {
                    throw HubError.malformedReply(
                        from: request.url.withoutQuery,
                        problem: "it has no ETag"
                    )
                }
                sent.add(range.count)
                state.withLock { $0.tags[index] = tag }
                journal?.note(part: index, tag: tag, of: object.oid)
            }
            try await complete(session, state.withLock { $0.tags })
        } catch let error as HubError where error.isAnswer {
            journal?.end(object.oid)
            throw error
        }
        journal?.end(object.oid)
        return sent.value
    }

    private func complete(_ session: UploadJournal.Session, _ tags: [Int: String]) async throws {
        let parts = tags.sorted { $0.key < $1.key }.map { index, tag in
            JSON.object(["partNumber": .integer(index + 1), "etag": .string(tag)])
        }
        var completion = WebRequest(
            "POST",
            session.completion,
            json: .object(["oid": .string(object.oid.hex), "parts": .array(parts)]),
            type: Protocol.lfsMediaType
        )
        completion.isPresigned = true
        completion.patience = Protocol.filingTime
        _ = try await client.carryOut(completion)
    }

    /// The parts of a new upload: headers whose names are numbers hold their URLs.
    private func session(_ upload: LFSActions.Action, _ chunk: String) throws
        -> UploadJournal.Session
    {
        func refuse(_ problem: String) -> HubError {
            .malformedReply(from: upload.url.withoutQuery, problem: problem)
        }
        let size = object.file.size
        guard let chunk = Int(chunk), chunk > 0 else {
            throw refuse("chunk_size \"\(chunk)\" is no size")
        }
        let urls = try upload.headers.compactMap { header in
            try Int(header.name).map { ($0, try upload.url.following(header.value)) }
        }.sorted { $0.0 < $1.0 }.map(\.1)
        let count = pieceCount(of: size, each: chunk)
        guard urls.count == count else {
            throw refuse("it names \(urls.count) parts where \(count) are needed")
        }
        return UploadJournal.Session(
            hub: "\(client.configuration.endpoint)/\(repository)",
            completion: upload.url,
            chunk: chunk,
            parts: urls,
            expires: time(nil) + min(upload.lifetime ?? Self.usualLifetime, 7 * 24 * 3600)
        )
    }
}

extension UploadJournal.Session {
    /// Which bytes of the object a part has.
    fileprivate func range(_ part: Int, of size: Int) -> Range<Int> {
        let start = part * chunk
        return start..<(size - start < chunk ? size : start + chunk)
    }

    /// Whether its URLs are such that a hub might have named them.
    fileprivate func isSafe(for endpoint: WebURL) -> Bool {
        (parts + [completion]).allSatisfy { (try? endpoint.following("\($0)")) != nil }
    }
}

extension HubError {
    /// Whether the other side said no, rather than nothing.
    fileprivate var isAnswer: Bool {
        switch self {
        case .unreachable, .timedOut, .interrupted, .cancelled, .serverFailed, .rateLimited,
            .fileChanged:
            false
        default: true
        }
    }
}

/// A sum that many add to.
final class Counter: Sendable {
    private let sum = Atomic(0)
    var value: Int { sum.load(ordering: .relaxed) }
    func add(_ count: Int) { sum.wrappingAdd(count, ordering: .relaxed) }
}
