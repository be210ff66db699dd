private import OctavoBase
public import OctavoHub

/// Who beside its owner may use a repository, as the hub's directory has it.
///
/// Changes hold at once, also for a server that is running.
public struct HubMembers: Sendable {
    /// Somebody who may use a repository, and for what.
    public struct Member: Sendable, Equatable {
        /// The user.
        public let user: String
        /// Read, also where the repository is private or gated; or write as well.
        public let role: HubTokens.Role
    }

    /// Why a member is not accepted.
    public struct MemberError: Error, Hashable, Sendable, CustomStringConvertible {
        /// As a sentence.
        public let description: String
    }

    private let store: HubStore
    private let id: RepositoryID

    /// Opens the list of a repository.
    public init(root: String, repository: RepositoryID) {
        store = HubStore(root: root)
        id = repository
    }

    /// All members, by name.
    public func list() throws -> [Member] {
        guard let repository = try store.repository(id) else { throw missing }
        return repository.access.sorted { $0.key < $1.key }.map { Member(user: $0, role: $1) }
    }

    /// Lets a user read or write.
    public func grant(_ user: String, _ role: HubTokens.Role) throws {
        guard let name = try? RepositoryID(user), name.namespace == nil else {
            throw MemberError(
                description: "\"\(user)\" is no user name: expected letters, digits, _, - and ."
            )
        }
        guard user != id.namespace else {
            throw MemberError(description: "\(user) owns \(id) and may do everything")
        }
        try change { $0[user] = role }
    }

    /// Takes back what a user was granted.
    public func revoke(_ user: String) throws {
        try change { access in
            guard access.removeValue(forKey: user) != nil else {
                throw MemberError(description: "\(user) was not granted anything for \(id)")
            }
        }
    }

    private func change(_ body: (inout [String: HubTokens.Role]) throws -> Void) throws {
        guard try store.repository(id) != nil else { throw missing }
        try store.update(id) { try body(&$0.access) }
    }

    private var missing: MemberError { MemberError(description: "there is no repository \(id)") }
}
