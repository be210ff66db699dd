internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension HubService {
    /// The repository, if the caller may see it.
    func readable(_ id: RepositoryID, by caller: HubTokens.Record?) async throws -> StoredRepository
    {
        let store = store
        guard let repository = try await runBlocking({ try store.repository(id) }),
            repository.maySee(caller?.user)
        else { throw Refusal.noRepository(hasToken: caller != nil) }
        return repository
    }

    /// The repository, if the caller may see and change it.
    func writable(_ id: RepositoryID, by caller: HubTokens.Record?) async throws -> StoredRepository
    {
        let repository = try await readable(id, by: caller)
        try checkRole(caller)
        guard let caller, repository.mayWrite(caller.user) else {
            throw Refusal.forbidden("\(caller?.user ?? "") has no right to write to \(id)")
        }
        return repository
    }

    /// The repository, if the caller owns it: who may write to it may not remove it or open it to others.
    func owned(_ id: RepositoryID, by caller: HubTokens.Record?) async throws -> StoredRepository {
        let repository = try await readable(id, by: caller)
        try checkWriter(caller, namespace: id.namespace)
        return repository
    }

    /// Lets pass those who may write in a namespace.
    func checkWriter(_ caller: HubTokens.Record?, namespace: String?) throws(Refusal) {
        try checkRole(caller)
        guard let caller, caller.user == namespace else {
            throw .forbidden(
                "The token of \(caller?.user ?? "") has no right to write in the namespace \(namespace ?? "")"
            )
        }
    }

    /// Lets pass those whose token may write somewhere.
    func checkRole(_ caller: HubTokens.Record?) throws(Refusal) {
        guard let caller else { throw .tokenNeeded }
        guard caller.role == .write else {
            throw .forbidden("This token has the role read, but write is needed")
        }
    }

    /// Lets pass those who may have a repository's files.
    func checkFiles(of repository: StoredRepository, for caller: HubTokens.Record?) throws(Refusal)
    {
        guard repository.mayHaveFiles(caller?.user) else {
            throw .gated(repository.id, hasToken: caller != nil)
        }
    }

    func checkAccess(_ context: Context, _ id: RepositoryID, toWrite: Bool) async throws
        -> HTTPResponse
    {
        let repository = try await readable(id, by: context.caller)
        try checkFiles(of: repository, for: context.caller)
        if toWrite { _ = try await writable(id, by: context.caller) }
        return .json(.object(["success": true]))
    }
}
