internal import OctavoBase

/// A file whose contents go to the hub's LFS store.
struct LFSObject: Sendable {
    let file: LocalFile
    let oid: Digest
}

extension HubClient {
    /// Asks where objects are to be put.
    ///
    /// - Returns: The actions for each object.
    /// - Throws: `HubError.objectRefused` if the hub refuses one, `.transferNotSupported` if it wants
    ///   them in a way that was not offered.
    func lfsBatch(
        _ objects: [LFSObject],
        to id: RepositoryID,
        at revision: Revision?
    ) async throws -> [Digest: LFSActions] {
        let url = url("/\(id).git/info/lfs/objects/batch")
        var actions: [Digest: LFSActions] = [:]
        var sizes: [Digest: Int] = [:]
        for object in objects { sizes[object.oid] = object.file.size }
        let unique = sizes.keys.sorted()
        for start in stride(from: 0, to: unique.count, by: Protocol.batchSize) {
            let batch = unique[start..<min(start + Protocol.batchSize, unique.count)]
            let body = JSON.object([
                "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
                "objects": .array(
                    batch.map {
                        .object(["oid": .string($0.hex), "size": .integer(sizes[$0] ?? 0)])
                    }
                ),
                "ref": revision.map { .object(["name": .string($0.description)]) },
            ])
            let request = WebRequest("POST", url, json: body, type: Protocol.lfsMediaType)
            let json = try await carryOut(request, about: id).json(from: url)
            let transfer = json["transfer"]?.string ?? "basic"
            guard ["basic", "multipart"].contains(transfer) else {
                throw HubError.transferNotSupported(transfer)
            }
            try reading(url) {
                for item in try json.items("objects") {
                    let oid = try item.digest("oid")
                    if let error = item["error"] {
                        throw HubError.objectRefused(
                            oid: oid.hex,
                            code: error["code"]?.integer ?? 0,
                            message: error["message"]?.string ?? "no reason given"
                        )
                    }
                    actions[oid] = try LFSActions(item["actions"], from: url)
                }
                for oid in batch where actions[oid] == nil {
                    throw WireError(key: "objects", expected: "complete: \(oid) is missing")
                }
            }
        }
        return actions
    }

    /// Stores one object, and makes the hub say that it has it.
    ///
    /// - Returns: How many bytes were sent: 0 if the hub had the object.
    func store(
        _ object: LFSObject,
        _ actions: LFSActions,
        to id: RepositoryID,
        at revision: Revision?,
        onSent: @escaping @Sendable (Int) -> Void
    ) async throws -> Int {
        var actions = actions
        var renewals = 2
        var repetitions = 1
        while let upload = actions.upload {
            do {
                try await put(object, upload, onSent: onSent)
                try await verify(object, actions)
                return object.file.size
            } catch HubError.forbidden where renewals > 0 {
                // The presigned URL ran out: a new one is to be had.
                renewals -= 1
            } catch HubError.objectRefused where repetitions > 0 {
                // What was sent got lost behind the hub's back.
                repetitions -= 1
            }
            actions = try await lfsBatch([object], to: id, at: revision)[object.oid] ?? actions
        }
        return 0
    }

    private func put(
        _ object: LFSObject,
        _ upload: LFSActions.Action,
        onSent: @escaping @Sendable (Int) -> Void
    ) async throws {
        guard let text = upload.value("chunk_size") else {
            var request = WebRequest("PUT", upload.url)
            request.headers = upload.headers
            request.isPresigned = true
            request.body = .file(path: object.file.location, range: 0..<object.file.size)
            request.onSent = onSent
            _ = try await carryOut(request)
            return
        }
        let parts = try multipartPlan(object, upload, chunk: text)
        var tags: [JSON] = []
        for (index, part) in parts.enumerated() {
            var request = WebRequest("PUT", part.url)
            request.isPresigned = true
            request.body = .file(path: object.file.location, range: part.range)
            request.onSent = { onSent(part.range.lowerBound + $0) }
            guard let tag = try await carryOut(request).headers["etag"], !tag.isEmpty else {
                throw HubError.malformedReply(
                    from: part.url.withoutQuery,
                    problem: "it has no ETag"
                )
            }
            tags.append(.object(["partNumber": .integer(index + 1), "etag": .string(tag)]))
        }
        var completion = WebRequest(
            "POST",
            upload.url,
            json: .object(["oid": .string(object.oid.hex), "parts": .array(tags)]),
            type: Protocol.lfsMediaType
        )
        completion.isPresigned = true
        completion.patience = Protocol.filingTime
        _ = try await carryOut(completion)
    }

    /// The parts of a multipart upload: headers whose names are numbers hold their URLs.
    private func multipartPlan(
        _ object: LFSObject,
        _ upload: LFSActions.Action,
        chunk text: String
    ) throws -> [(url: WebURL, range: Range<Int>)] {
        func refuse(_ problem: String) -> HubError {
            .malformedReply(from: upload.url.withoutQuery, problem: problem)
        }
        let size = object.file.size
        guard let chunk = Int(text), chunk > 0 else {
            throw refuse("chunk_size \"\(text)\" is no size")
        }
        let urls = try upload.headers.compactMap { header in
            try Int(header.name).map { ($0, try upload.url.following(header.value)) }
        }.sorted { $0.0 < $1.0 }.map(\.1)
        let count = size / chunk + (size % chunk == 0 ? 0 : 1)
        guard urls.count == count else {
            throw refuse("it names \(urls.count) parts where \(count) are needed")
        }
        return urls.enumerated().map { index, url in
            let start = index * chunk
            return (url, start..<(size - start < chunk ? size : start + chunk))
        }
    }

    /// Asks whether an object arrived.
    ///
    /// - Throws: `HubError.objectRefused` if it did not, or not whole.
    private func verify(_ object: LFSObject, _ actions: LFSActions) async throws {
        guard let verify = actions.verify else { return }
        var request = WebRequest(
            "POST",
            verify.url,
            json: .object(["oid": .string(object.oid.hex), "size": .integer(object.file.size)])
        )
        request.headers += verify.headers.filter { $0.name.lowercased() != "content-type" }
        request.patience = Protocol.filingTime
        let response = try await exchange(request).response
        switch response.status {
        case 200..<300: return
        case 404, 422:
            throw HubError.objectRefused(
                oid: object.oid.hex,
                code: response.status,
                message: "it did not arrive whole"
            )
        default: throw HubError(response, about: nil)
        }
    }
}
