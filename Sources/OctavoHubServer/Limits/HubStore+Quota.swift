internal import Glibc
internal import OctavoBase
internal import OctavoHub

extension HubStore {
    /// What an owner has: objects in its repositories, objects and parts it has sent, and small files.
    struct Usage {
        fileprivate(set) var objects: Set<Digest> = []
        fileprivate(set) var bytes = 0
    }

    /// What an owner has; an object in several of its repositories counts once.
    func usage(of owner: String) throws -> Usage {
        var usage = Usage()
        for id in try allRepositories() where id.namespace == owner {
            usage.bytes += try repository(id)?.regularBytes ?? 0
            try count(joined(folder(id), "objects"), into: &usage)
        }
        try count(joined(root, "received/\(owner)"), into: &usage)
        let sent = parts.folder(of: owner)
        if fileKind(sent) == .directory {
            // One that was just completed is gone by now.
            for path in try filesBelow(sent) {
                usage.bytes += (try? fileSize(joined(sent, path))) ?? 0
            }
        }
        return usage
    }

    private func count(_ marks: String, into usage: inout Usage) throws {
        guard fileKind(marks) == .directory else { return }
        for path in try filesBelow(marks) {
            guard let oid = Digest(hex: lastComponent(path)), usage.objects.insert(oid).inserted
            else { continue }
            usage.bytes += contents.size(.sha256(oid)) ?? 0
        }
    }

    /// Refuses objects for which an owner has no room.
    ///
    /// - Throws: `Refusal` with status 403, as hubs answer whose storage is used up.
    func checkQuota(
        of owner: String,
        adding objects: [(oid: Digest, size: Int)],
        regularBytes: Int = 0,
        _ limits: HubSettings.Limits
    ) throws {
        guard let most = limits.bytesPerOwner else { return }
        var usage = try usage(of: owner)
        usage.bytes += regularBytes
        for (oid, size) in objects where usage.objects.insert(oid).inserted {
            // A size that a client made up may be anything.
            let (sum, overflow) = usage.bytes.addingReportingOverflow(size)
            usage.bytes = overflow ? .max : sum
        }
        guard usage.bytes <= most else {
            throw Refusal.forbidden("Storage limit reached: \(owner) may have \(most) bytes here")
        }
    }

    /// Refuses a commit for which its repository's owner has no room.
    func checkQuota(_ id: RepositoryID, adding changes: [Change], _ limits: HubSettings.Limits)
        throws
    {
        var objects: [(oid: Digest, size: Int)] = []
        var regularBytes = 0
        for case .set(_, let file) in changes {
            switch file.content {
            case .sha256(let oid): objects.append((oid, file.size))
            case .gitBlob: regularBytes += file.size
            }
        }
        try checkQuota(
            of: id.namespace ?? "",
            adding: objects,
            regularBytes: regularBytes,
            limits
        )
    }
}
