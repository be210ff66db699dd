private import Glibc
internal import OctavoBase
private import OctavoHub

/// The tokens that a hub's directory knows; what is kept of each is its SHA-256.
public struct HubTokens: Sendable {
    /// What a token may do.
    public enum Role: String, Sendable, CaseIterable {
        /// Read its user's private repositories.
        case read
        /// Also create repositories and commit in its user's namespace.
        case write
    }

    /// What is known of a token.
    public struct Record: Sendable, Equatable {
        /// A short name to revoke it by.
        public let id: String
        /// Whose it is; also the namespace it may write to.
        public let user: String
        /// What it may do.
        public let role: Role
        /// When it was made, in seconds since 1970.
        public let created: Int
        /// The SHA-256 of the token's text.
        let digest: Digest
    }

    /// Why a user name or a token's name is not accepted.
    public struct TokenError: Error, Hashable, Sendable, CustomStringConvertible {
        /// As a sentence.
        public let description: String
    }

    private let file: String

    /// Opens the tokens of a hub's directory.
    public init(root: String) { file = joined(root, "tokens.json") }

    /// All tokens, oldest first.
    public func list() throws -> [Record] {
        guard fileKind(file) != nil else { return [] }
        let json = try JSON(parsing: try readFile(file, limit: 16 << 20))
        return try json.items("tokens").map { item in
            guard let role = Role(rawValue: try item.text("role")) else {
                throw TokenError(description: "\(file) holds a role that is neither read nor write")
            }
            return Record(
                id: try item.text("id"),
                user: try item.text("user"),
                role: role,
                created: try item.size("created"),
                digest: try item.digest("sha256")
            )
        }
    }

    /// Makes a token.
    ///
    /// - Returns: Its record and its text, which is kept nowhere.
    public func create(user: String, role: Role) throws -> (record: Record, secret: String) {
        guard let id = try? RepositoryID(user), id.namespace == nil else {
            throw TokenError(
                description: "\"\(user)\" is no user name: expected letters, digits, _, - and ."
            )
        }
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let secret = "hf_" + hexadecimal(bytes)
        let digest = Digest(of: secret)
        let record = Record(
            id: String(digest.hex.prefix(8)),
            user: user,
            role: role,
            created: time(nil),
            digest: digest
        )
        try changing { $0 + [record] }
        return (record, secret)
    }

    /// Forgets a token; requests that carry it are refused from now on.
    public func revoke(_ id: String) throws {
        try changing { records in
            guard records.contains(where: { $0.id == id }) else {
                throw TokenError(
                    description: "there is no token \"\(id)\"; list them to see their names"
                )
            }
            return records.filter { $0.id != id }
        }
    }

    /// The record of a token's text.
    func find(_ secret: String) throws -> Record? {
        let digest = Digest(of: secret)
        return try list().first { $0.digest == digest }
    }

    /// Reads, changes and writes the records, with nobody in between.
    private func changing(_ change: ([Record]) throws -> [Record]) throws {
        try makePrivateDirectory(parent(of: file))
        try withLockedFile(file + ".lock") { try write(try change(try list())) }
    }

    private func write(_ records: [Record]) throws {
        let items = records.map { record in
            JSON.object([
                "id": .string(record.id), "user": .string(record.user),
                "role": .string(record.role.rawValue),
                "created": .integer(record.created), "sha256": .string(record.digest.hex),
            ])
        }
        try AtomicFile.write(JSON.object(["tokens": .array(items)]).text(), to: file, mode: 0o600)
    }
}
