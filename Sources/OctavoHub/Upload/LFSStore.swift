internal import OctavoBase

extension HubClient {
    /// Stores the objects that the hub lacks, several at a time.
    ///
    /// - Parameters:
    ///   - objects: The objects; several may have the same contents.
    ///   - id: The repository.
    ///   - revision: The branch; nil for what goes to a pull request.
    ///   - journal: What is kept for an upload that is taken up again.
    ///   - ledger: Counts what has been sent.
    /// - Returns: How many bytes were sent.
    /// - Throws: `HubError`; `FileError` from the disk.
    func store(
        _ objects: [LFSObject],
        to id: RepositoryID,
        at revision: Revision?,
        _ journal: UploadJournal?,
        _ ledger: TransferLedger
    ) async throws -> Int {
        let actions = try await lfsBatch(objects, to: id, at: revision)
        var unique: [LFSObject] = []
        var seen: Set<Digest> = []
        for object in objects {
            if seen.insert(object.oid).inserted {
                unique.append(object)
            } else {
                ledger.finish(object.file.path.description, of: object.file.size)
            }
        }
        let sent = Counter()
        try await forEach(unique, atOnce: limits.files) { object in
            let path = object.file.path.description
            if let action = actions[object.oid] {
                let upload = ObjectUpload(
                    client: self,
                    object: object,
                    repository: id,
                    revision: revision,
                    journal: journal,
                    onSent: { ledger.note(path, $0, of: object.file.size) }
                )
                sent.add(try await upload.run(action))
            }
            ledger.finish(path, of: object.file.size)
        }
        return sent.value
    }
}

/// One object on its way to a hub.
struct ObjectUpload: Sendable {
    let client: HubClient
    let object: LFSObject
    let repository: RepositoryID
    let revision: Revision?
    let journal: UploadJournal?
    /// Told how many bytes have gone out.
    let onSent: @Sendable (Int) -> Void

    /// Stores the object, and makes the hub say that it has it.
    ///
    /// - Returns: How many bytes were sent: 0 if the hub had the object.
    func run(_ actions: LFSActions) async throws -> Int {
        var actions = actions
        var renewals = 2
        var repetitions = 1
        var sent = 0
        while let upload = actions.upload {
            do {
                sent = try await put(upload)
                try await client.verify(object, actions)
                return sent
            } catch HubError.forbidden where renewals > 0 {
                // The presigned URL ran out: a new one is to be had.
                renewals -= 1
            } catch HubError.objectRefused where repetitions > 0 {
                // What was sent got lost behind the hub's back.
                repetitions -= 1
            }
            actions =
                try await client.lfsBatch([object], to: repository, at: revision)[object.oid]
                ?? actions
        }
        return sent
    }

    private func put(_ upload: LFSActions.Action) async throws -> Int {
        if let chunk = upload.value("chunk_size") { return try await putParts(upload, chunk) }
        var request = WebRequest("PUT", upload.url)
        request.headers = upload.headers
        request.isPresigned = true
        request.body = .file(path: object.file.location, range: 0..<object.file.size)
        request.onSent = onSent
        request.patience = Protocol.filingTime
        _ = try await client.carryOut(request)
        return object.file.size
    }
}
