internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

/// Answers at the second listener, where LFS objects come and go.
///
/// It knows presigned URLs and no tokens, as the storage behind a hub does: a client that sends its
/// token here has lost it, and is told so.
struct ContentService: Answering {
    let store: HubStore
    let presigner: Presigner

    func dispatch(_ request: HTTPRequest, _ body: inout RequestBody) async throws
        -> HTTPResponse
    {
        guard request.headers[.authorization] == nil else {
            throw Refusal.badRequest(
                "Only one auth mechanism allowed: this URL is signed and takes no token"
            )
        }
        let grant = try presigner.check(
            path: request.target.path(),
            query: request.target.query()
        )
        switch (request.method, grant.permission) {
        case (.PUT, .write): return try await receive(grant, &body)
        case (.GET, .read), (.HEAD, .read):
            let content = ContentName.sha256(grant.oid)
            let contents = store.contents
            guard try await runBlocking({ contents.size(content) }) != nil else {
                throw Refusal.noEntry(grant.oid.hex)
            }
            return try await fileResponse(
                contents.path(content),
                request,
                ["ETag": "\"\(grant.oid)\"", "Accept-Ranges": "bytes"]
            )
        default: throw Refusal.forbidden("The URL was signed for something else")
        }
    }

    /// Stores an object while hashing it.
    private func receive(_ grant: Presigner.Grant, _ body: inout RequestBody) async throws
        -> HTTPResponse
    {
        guard let announced = body.announced else {
            throw Refusal(status: 411, message: "An upload needs a Content-Length")
        }
        guard announced == grant.size else {
            throw Refusal.badRequest(
                "The body has \(announced) bytes where \(grant.size) were announced"
            )
        }
        let store = store
        let object = try await runBlocking {
            try store.contents.receive(grant.oid, size: grant.size)
        }
        // The network gives small pieces; a megabyte at a time is worth a thread.
        var piece: [UInt8] = []
        while let bytes = try await body.next() {
            piece.append(contentsOf: bytes)
            if piece.count >= 1 << 20 {
                let full = piece
                try await runBlocking { try object.write(full) }
                piece.removeAll(keepingCapacity: true)
            }
        }
        let last = piece
        try await runBlocking {
            try object.write(last)
            try object.finish()
            try store.noteReceived(grant.oid, from: grant.user)
        }
        return .reply(200, ["ETag": "\"\(grant.oid)\""])
    }
}
