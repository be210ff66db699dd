internal import Glibc
internal import OctavoBase

/// Parts of objects that are being sent.
///
/// ```
/// parts/USER/UPLOAD/NUMBER.SHA256
/// ```
///
/// A part's hash is its ETag and is in its name: a part that is sent again with other bytes is another
/// file, and the completion says which of them counts.
struct PartStore: Sendable {
    let root: String

    /// Where the parts are that a user has sent.
    func folder(of user: String) -> String { joined(root, "parts/\(user)") }

    private func folder(_ upload: MultipartUpload) -> String {
        joined(folder(of: upload.user), upload.id)
    }

    private func file(_ number: Int, _ hash: Digest, of upload: MultipartUpload) -> String {
        joined(folder(upload), "\(number).\(hash)")
    }

    /// Where a part is received, before its hash is known.
    func receive(_ upload: MultipartUpload) throws -> IncomingPart {
        try makeDirectory(folder(upload))
        let name = joined(folder(upload), "\(UInt64.random(in: 0 ... .max)).incoming")
        return IncomingPart(path: name, file: try AtomicFile(name))
    }

    /// Gives a part that was received its name.
    func keep(_ part: IncomingPart, as number: Int, of upload: MultipartUpload) throws -> Digest {
        let hash = try part.finish()
        try moveFile(part.path, to: file(number, hash, of: upload))
        return hash
    }

    /// The files of an upload's parts, in order.
    ///
    /// - Throws: `Refusal` with status 400 if one is missing or has another ETag or length.
    func files(_ tags: [Digest], of upload: MultipartUpload, size: Int) throws -> [String] {
        let count = upload.partCount(of: size)
        guard tags.count == count else {
            throw Refusal.badRequest("\(tags.count) parts are named where \(count) are needed")
        }
        return try tags.enumerated().map { index, tag in
            let file = file(index + 1, tag, of: upload)
            guard let length = try? fileSize(file) else {
                throw Refusal.badRequest("Part \(index + 1) with the ETag \"\(tag)\" is not here")
            }
            guard length == upload.length(of: index + 1, in: size) else {
                throw Refusal.badRequest("Part \(index + 1) has \(length) bytes")
            }
            return file
        }
    }

    /// Forgets an upload's parts.
    func remove(_ upload: MultipartUpload) throws { try removeAll(folder(upload)) }

    /// The folders of uploads to which nothing was added for some seconds, each with its bytes.
    func abandoned(for seconds: Int) throws -> [(folder: String, bytes: Int)] {
        let top = joined(root, "parts")
        guard fileKind(top) == .directory else { return [] }
        let uploads = try directoryEntries(top).flatMap { user in
            try directoryEntries(joined(top, user)).map { joined(top, "\(user)/\($0)") }
        }
        return try uploads.filter { isOlder($0, than: seconds) }.map { folder in
            let sizes = try filesBelow(folder).map { try fileSize(joined(folder, $0)) }
            return (folder, sizes.reduce(0, +))
        }
    }
}

/// A part on its way in.
///
/// It has as many bytes as its sender announced.
final class IncomingPart: Sendable, ByteSink {
    let path: String
    private let bytes: HashedFile

    init(path: String, file: consuming sending AtomicFile) {
        self.path = path
        bytes = HashedFile(file)
    }

    func write(_ piece: [UInt8]) throws { try bytes.write(piece) }

    /// Syncs the part and returns its hash.
    func finish() throws -> Digest {
        let hash = bytes.hash()
        try bytes.commit()
        return hash
    }
}

/// Whether a file or directory was last changed more than some seconds ago.
func isOlder(_ path: String, than seconds: Int) -> Bool {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return false }
    return status.st_mtim.tv_sec < time(nil) - seconds
}
