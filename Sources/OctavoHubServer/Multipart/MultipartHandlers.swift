internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension ContentService {
    /// Stores a part; its ETag is its SHA-256, in quotes.
    func receive(
        part number: Int,
        of upload: MultipartUpload,
        _ grant: Presigner.Grant,
        _ body: inout RequestBody
    ) async throws -> HTTPResponse {
        guard let length = upload.length(of: number, in: grant.size) else {
            throw Refusal.badRequest("The object has no part \(number)")
        }
        try Self.check(body.announced, is: length)
        let (store, limits) = (store, limits)
        let part = try await runBlocking {
            try store.checkQuota(of: grant.user, adding: [], regularBytes: length, limits)
            return try store.parts.receive(upload)
        }
        try await body.pour(into: part)
        let hash = try await runBlocking { try store.parts.keep(part, as: number, of: upload) }
        return .reply(200, ["ETag": "\"\(hash)\""])
    }

    /// Makes an object of its parts.
    ///
    /// A client whose answer got lost asks again, when the parts are gone: what counts is that the
    /// object is here and that this user sent it.
    func complete(
        _ upload: MultipartUpload,
        _ grant: Presigner.Grant,
        _ body: inout RequestBody
    ) async throws -> HTTPResponse {
        let json = try await body.json(limit: 4 << 20)
        let store = store
        try await runBlocking {
            guard json["oid"]?.string == grant.oid.hex else {
                throw Refusal.badRequest("The URL was signed for the object \(grant.oid)")
            }
            let tags = try Self.tags(json)
            do {
                guard !store.hasReceived(grant.oid, size: grant.size, from: grant.user) else {
                    return
                }
                try Self.assemble(tags, of: upload, grant, in: store)
            } catch  where store.hasReceived(grant.oid, size: grant.size, from: grant.user) {
                // The same completion, asked for twice at once, was done by the other.
            }
        }
        return .json(.object(["success": true]), type: Protocol.lfsMediaType)
    }

    /// The ETags of a completion, part 1 first.
    private static func tags(_ json: JSON) throws -> [Digest] {
        try json.items("parts").enumerated().map { index, item in
            guard item["partNumber"]?.integer == index + 1 else {
                throw Refusal.badRequest("Part \(index + 1) is missing, or out of order")
            }
            let text = try item.text("etag")
            guard text.utf8.first == 0x22, text.utf8.last == 0x22,
                let tag = Digest(hex: String(text.dropFirst().dropLast()))
            else { throw Refusal.badRequest("The ETag of part \(index + 1) is none of this hub's") }
            return tag
        }
    }

    /// Writes the parts into one file, which becomes the object if its hash is right.
    private static func assemble(
        _ tags: [Digest],
        of upload: MultipartUpload,
        _ grant: Presigner.Grant,
        in store: HubStore
    ) throws {
        let files = try store.parts.files(tags, of: upload, size: grant.size)
        let object = try store.contents.receive(grant.oid, size: grant.size)
        for file in files {
            try readPieces(of: file) { try object.write($0) }
        }
        try object.finish()
        try store.noteReceived(grant.oid, from: grant.user)
        try store.parts.remove(upload)
    }
}

/// Hands over a file, at most a megabyte at a time.
func readPieces(of path: String, _ body: ([UInt8]) throws -> Void) throws {
    let file = try MappedFile(path)
    var start = 0
    while start < file.count {
        let end = min(start + 1 << 20, file.count)
        try body(file.bytes.extracting(start..<end).array)
        file.release(start..<end)
        start = end
    }
}
