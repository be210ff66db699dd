internal import Glibc
internal import OctavoBase
internal import OctavoHub

/// Makes and checks URLs that allow one thing to whoever holds them, for an hour; those of an upload in
/// parts for a day, for all of them are given at once.
struct Presigner: Sendable {
    enum Permission: Equatable {
        /// Reading, of an object that was found at a commit.
        case read(at: String?)
        case write
        /// Sending one part of an upload; the first has number 1.
        case part(Int, of: MultipartUpload)
        /// Making one object of the parts.
        case complete(MultipartUpload)

        /// What stands in the URL, and is signed.
        fileprivate var fields: KeyValuePairs<String, String> {
            switch self {
            case .read(nil): ["permission": "read"]
            case .read(let commit?): ["permission": "read", "commit": commit]
            case .write: ["permission": "write"]
            case .part(let number, let upload):
                [
                    "permission": "part", "upload": upload.id, "chunk": "\(upload.partSize)",
                    "part": "\(number)",
                ]
            case .complete(let upload):
                ["permission": "complete", "upload": upload.id, "chunk": "\(upload.partSize)"]
            }
        }

        /// Reads what stands in a URL; nil if it is nothing that was ever signed.
        fileprivate init?(_ fields: [Substring: Substring]) {
            let upload = MultipartUpload(
                id: String(fields["upload"] ?? ""),
                user: String(fields["user"] ?? ""),
                partSize: Int(fields["chunk"] ?? "") ?? 0
            )
            switch (fields["permission"], Int(fields["part"] ?? ""), upload) {
            case ("read", _, _):
                let commit = fields["commit"].map { String($0) }
                guard commit.map(isCommitID) ?? true else { return nil }
                self = .read(at: commit)
            case ("write", _, _): self = .write
            case ("part", let number?, let upload?): self = .part(number, of: upload)
            case ("complete", _, let upload?): self = .complete(upload)
            default: return nil
            }
        }
    }

    /// What a URL allows, and whom.
    struct Grant: Equatable {
        let permission: Permission
        let oid: Digest
        let size: Int
        /// Who asked for it; empty for someone without a token.
        let user: String
    }

    private static let secretLength = 32

    private let secret: [UInt8]
    private static let lifetime = 3600
    /// How long the URLs of an upload in parts are valid.
    static let multipartLifetime = 24 * 3600

    /// Takes the secret of a hub's directory, made at the first start.
    ///
    /// - Throws: `HubServer.SecretError` if it has another length or others may read it.
    init(root: String) throws {
        let file = joined(root, "secret")
        if fileKind(file) == nil {
            var generator = SystemRandomNumberGenerator()
            let bytes = (0..<Self.secretLength).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            try AtomicFile.write(bytes, to: file, mode: 0o600)
        }
        var status = stat()
        guard unsafe lstat(file, &status) == 0 else { throw FileError("read", file) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0 else {
            throw HubServer.SecretError(path: file, problem: "others than its owner may read it")
        }
        let secret = try readFile(file, limit: 1024)
        guard secret.count == Self.secretLength else {
            throw HubServer.SecretError(
                path: file,
                problem: "it has \(secret.count) bytes, not \(Self.secretLength)"
            )
        }
        self.secret = secret
    }

    /// The target that allows what a grant says.
    func target(_ grant: Grant) -> String {
        let lifetime =
            switch grant.permission {
            case .read, .write: Self.lifetime
            case .part, .complete: Self.multipartLifetime
            }
        let expiry = time(nil) + lifetime
        let fields = grant.permission.fields.map { "\($0)=\($1)" }.joined(separator: "&")
        return "/objects/\(grant.oid)?\(fields)&size=\(grant.size)"
            + "&user=\(grant.user)&expires=\(expiry)&signature=\(signature(grant, expiry))"
    }

    /// What a target allows.
    ///
    /// - Throws: `Refusal` with status 403 if it is forged or has run out.
    func check(path: String, query: String) throws(Refusal) -> Grant {
        var fields: [Substring: Substring] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        guard path.hasPrefix("/objects/"), let oid = Digest(hex: String(path.dropFirst(9))),
            let permission = Permission(fields),
            let size = Int(fields["size"] ?? ""), let expiry = Int(fields["expires"] ?? "")
        else { throw .forbidden("The signature does not match") }
        let grant = Grant(
            permission: permission,
            oid: oid,
            size: size,
            user: String(fields["user"] ?? "")
        )
        guard isEqual(String(fields["signature"] ?? ""), signature(grant, expiry)) else {
            throw .forbidden("The signature does not match")
        }
        guard expiry >= time(nil) else { throw .forbidden("The URL has expired") }
        return grant
    }

    /// HMAC-SHA256 (RFC 2104) over what is allowed.
    private func signature(_ grant: Grant, _ expiry: Int) -> String {
        let fields = grant.permission.fields.map(\.value).joined(separator: " ")
        let allowed = Array("\(fields) \(grant.oid) \(grant.size) \(expiry) \(grant.user)".utf8)
        let key = secret + [UInt8](repeating: 0, count: 64 - secret.count)
        let inner = ContentHasher(.sha256)
        let innerKey = key.map { $0 ^ 0x36 }
        inner.update(innerKey)
        inner.update(allowed)
        let outer = ContentHasher(.sha256)
        let outerKey = key.map { $0 ^ 0x5C }
        outer.update(outerKey)
        let innerHash = inner.finish()
        outer.update(innerHash)
        return hexadecimal(outer.finish())
    }

    /// Compares without telling by its time where the texts differ.
    private func isEqual(_ a: String, _ b: String) -> Bool {
        guard a.utf8.count == b.utf8.count else { return false }
        return zip(a.utf8, b.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
