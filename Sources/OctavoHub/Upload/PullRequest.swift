internal import OctavoBase

/// A pull request that an upload does not go on with, since it takes no commits any more.
public struct ClosedPullRequest: Sendable, Hashable {
    /// Its page.
    public let url: String
    /// What the hub says of it: `merged`, `closed`, or `gone`.
    public let status: String
}

extension HubClient {
    /// The number of the newest pull request; 0 if there is none.
    func lastPullRequest(of id: RepositoryID) async throws -> Int {
        try await pullRequests(of: id).map(\.number).max() ?? 0
    }

    /// The pull request that a commit has opened, though nobody heard of it.
    ///
    /// - Parameters:
    ///   - outcome: What the commit leaves behind.
    ///   - id: The repository.
    ///   - last: The number of the last one that cannot be it; if that is not known, the last three are looked at,
    ///     since others may have opened some as well.
    /// - Returns: The newest one that holds all of it; nil if there is none.
    /// - Throws: `HubError` if the hub cannot be asked: then it is not known.
    func openedPullRequest(_ outcome: CommitOutcome, _ id: RepositoryID, after last: Int?)
        async throws -> CommitResult?
    {
        let newest = try await pullRequests(of: id).sorted { $0.number > $1.number }
        let candidates = last.map { last in newest.filter { $0.number > last } }
        for (number, commit) in candidates ?? Array(newest.prefix(3)) where isCommitID(commit) {
            if try await holds(outcome, id, at: commit) {
                return CommitResult(
                    commit: commit,
                    url: nil,
                    pullRequestURL: url("/\(id)/discussions/\(number)").description
                )
            }
        }
        return nil
    }

    /// What the hub says a pull request is: `draft`, `open`, `closed` or `merged`; nil if there is none of that number.
    func pullRequestStatus(_ number: Int, of id: RepositoryID) async throws -> String? {
        let url = url(of: id, "/discussions/\(number)")
        let response = try await exchange(WebRequest("GET", url)).response
        if response.status == 404 { return nil }
        guard (200..<300).contains(response.status) else { throw HubError(response, about: id) }
        let json = try response.json(from: url)
        return try reading(url) { try json.text("status") }
    }

    private func pullRequests(of id: RepositoryID) async throws -> [(number: Int, commit: String)] {
        try await references(id, withPullRequests: true).pullRequests.compactMap { reference in
            reference.fullName.slashParts.last.flatMap { Int($0) }.map { ($0, reference.commit) }
        }
    }
}

/// The number of the pull request that a URL is of: `…/discussions/7`.
func pullRequestNumber(_ url: String?) -> Int? {
    url?.slashParts.last.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
}
