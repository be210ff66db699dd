internal import Glibc
internal import OctavoBase
internal import OctavoHub

/// The contents of files, each under its hash: LFS objects by SHA-256, git blobs by SHA-1.
///
/// ```
/// objects/ab/ab…   64 digits
/// blobs/cd/cd…     40 digits
/// ```
struct ContentStore: Sendable {
    let root: String

    /// Where contents are or would be.
    func path(_ content: ContentName) -> String {
        let folder =
            switch content {
            case .gitBlob: "blobs"
            case .sha256: "objects"
            }
        let hex = content.description
        return joined(root, "\(folder)/\(hex.prefix(2))/\(hex)")
    }

    /// The length of an object; nil if it is not here.
    func size(_ content: ContentName) -> Int? { try? fileSize(path(content)) }

    /// Stores a git blob and returns its name.
    func store(_ bytes: [UInt8]) throws -> ContentName {
        let content = ContentName.gitBlob(gitBlobName(bytes))
        let path = path(content)
        if fileKind(path) == nil {
            try makeDirectory(parent(of: path))
            try AtomicFile.write(bytes, to: path)
        } else {
            // Young again, so that it is not collected before its commit is made.
            _ = unsafe utimes(path, nil)
        }
        return content
    }

    /// Starts receiving an LFS object.
    func receive(_ oid: Digest, size: Int) throws -> IncomingObject {
        let path = path(.sha256(oid))
        try makeDirectory(parent(of: path))
        return IncomingObject(file: try AtomicFile(path), oid: oid, size: size)
    }
}

/// An LFS object on its way in.
///
/// Dropped before `finish`, it leaves nothing.
final class IncomingObject: Sendable, ByteSink {
    private let bytes: HashedFile
    private let oid: Digest
    private let size: Int

    init(file: consuming sending AtomicFile, oid: Digest, size: Int) {
        bytes = HashedFile(file)
        self.oid = oid
        self.size = size
    }

    /// Appends bytes, as many as were announced and no more.
    func write(_ piece: [UInt8]) throws {
        guard piece.count <= size - bytes.count else {
            throw Refusal.badRequest("The object is longer than the \(size) bytes announced")
        }
        try bytes.write(piece)
    }

    /// Keeps the object if it is what was announced.
    func finish() throws {
        guard bytes.count == size else {
            throw Refusal.badRequest(
                "The object has \(bytes.count) bytes where \(size) were announced"
            )
        }
        let found = bytes.hash()
        guard found == oid else {
            throw Refusal.badRequest("The object's sha256 is \(found), not \(oid)")
        }
        try bytes.commit()
    }
}
