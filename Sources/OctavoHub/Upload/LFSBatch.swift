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

    /// Asks whether an object arrived.
    ///
    /// - Throws: `HubError.objectRefused` if it did not, or not whole.
    func verify(_ object: LFSObject, _ actions: LFSActions) async throws {
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
