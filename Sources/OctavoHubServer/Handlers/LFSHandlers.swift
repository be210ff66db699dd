internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension HubService {
    /// The most parts that one answer names.
    private static let partLimit = 100_000

    func objectBatch(_ context: inout Context, _ id: RepositoryID) async throws -> HTTPResponse {
        let json = try await context.body.json(limit: 16 << 20)
        guard let operation = json["operation"]?.string, ["upload", "download"].contains(operation)
        else {
            throw Refusal.badRequest("The operation is neither upload nor download")
        }
        let isUpload = operation == "upload"
        if isUpload {
            _ = try await writable(id, by: context.caller)
        } else {
            let repository = try await readable(id, by: context.caller)
            try checkFiles(of: repository, for: context.caller)
        }
        guard (json["hash_algo"]?.string ?? "sha256") == "sha256" else {
            throw Refusal(status: 409, message: "Objects are named by sha256 here")
        }
        let items = try Self.limited(try json.items("objects"))
        let user = context.caller?.user ?? ""
        let service = self
        let takesParts = (json["transfers"]?.array ?? []).contains("multipart")
        let objects = try await runBlocking {
            isUpload
                ? try service.uploads(items, to: id, by: user, inParts: takesParts)
                : try service.downloads(items, of: id, by: user)
        }
        let transfer: JSON = isUpload && takesParts ? "multipart" : "basic"
        return .json(
            .object(["transfer": transfer, "objects": .array(objects)]),
            type: Protocol.lfsMediaType
        )
    }

    /// For each object where it may be put; nothing if it is here, and for this user to use.
    private func uploads(
        _ items: [JSON],
        to id: RepositoryID,
        by user: String,
        inParts takesParts: Bool
    ) throws -> [JSON] {
        let rights = store.rights(of: user)
        let objects = try items.map { (oid: try $0.digest("oid"), size: try $0.size("size")) }
        let missing = objects.filter { rights.size($0.oid) != $0.size }
        for owner in Set([id.namespace ?? "", user]) {
            try store.checkQuota(of: owner, adding: missing, settings.limits)
        }
        // All URLs of all parts go into one answer, which has an end.
        var partsLeft = Self.partLimit
        return objects.map { oid, size in
            if rights.size(oid) == size {
                // The commit that will name it is on its way.
                store.refresh(oid, of: user)
                return .object(["oid": .string(oid.hex), "size": .integer(size)])
            }
            if let most = settings.limits.largestFile, size > most {
                return Self.refused(oid, size, 413, "A file may have \(most) bytes here")
            }
            let verify = "\(endpoint)/\(id).git/info/lfs/objects/verify"
            func url(_ permission: Presigner.Permission) -> String {
                contentEndpoint
                    + presigner.target(
                        .init(permission: permission, oid: oid, size: size, user: user)
                    )
            }
            let upload = MultipartUpload(of: size, by: user, partSize: settings.partSize)
            let count = upload.partCount(of: size)
            guard takesParts, size > settings.partSize, count <= partsLeft else {
                return Self.object(
                    oid,
                    size,
                    ["upload": (url(.write), nil), "verify": (verify, nil)]
                )
            }
            partsLeft -= count
            // Numbers as keys stand for parts, in the protocol's way.
            var header = JSONObject()
            header["chunk_size"] = .string("\(upload.partSize)")
            for number in 1...count {
                let digits = "\(number)"
                let key = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
                header[key] = .string(url(.part(number, of: upload)))
            }
            return Self.object(
                oid,
                size,
                ["upload": (url(.complete(upload)), header), "verify": (verify, nil)]
            )
        }
    }

    /// For each object where it may be had, if it is in this repository.
    private func downloads(_ items: [JSON], of id: RepositoryID, by user: String) throws -> [JSON] {
        try items.map { item in
            let (oid, size) = (try item.digest("oid"), try item.size("size"))
            guard store.holds(oid, id), store.contents.size(.sha256(oid)) == size else {
                return Self.refused(oid, size, 404, "The object does not exist")
            }
            let grant = Presigner.Grant(
                permission: .read(at: nil),
                oid: oid,
                size: size,
                user: user
            )
            return Self.object(
                oid,
                size,
                ["download": (contentEndpoint + presigner.target(grant), nil)]
            )
        }
    }

    private static func object(
        _ oid: Digest,
        _ size: Int,
        _ actions: KeyValuePairs<String, (href: String, header: JSONObject?)>
    ) -> JSON {
        var table = JSONObject()
        for (name, action) in actions {
            table[name] = .object([
                "href": .string(action.href), "header": action.header.map(JSON.object),
            ])
        }
        return .object([
            "oid": .string(oid.hex), "size": .integer(size), "authenticated": true,
            "actions": .object(table),
        ])
    }

    private static func refused(_ oid: Digest, _ size: Int, _ code: Int, _ message: String) -> JSON
    {
        .object([
            "oid": .string(oid.hex), "size": .integer(size),
            "error": .object(["code": .integer(code), "message": .string(message)]),
        ])
    }

    func verifyObject(_ context: inout Context, _ id: RepositoryID) async throws -> HTTPResponse {
        let json = try await context.body.json()
        _ = try await writable(id, by: context.caller)
        let (oid, size) = (try json.digest("oid"), try json.size("size"))
        let (store, user) = (store, context.caller?.user ?? "")
        let found = try await runBlocking { store.rights(of: user).size(oid) }
        guard let stored = found else {
            throw Refusal(status: 404, message: "The object \(oid) does not exist")
        }
        guard stored == size else {
            throw Refusal(
                status: 422,
                message: "The object \(oid) has \(stored) bytes, not \(size)"
            )
        }
        return .json(.object(["success": true]))
    }
}
