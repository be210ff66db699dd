internal import OctavoBase

/// A commit that a hub made.
public struct CommitResult: Sendable, Equatable {
    /// Its id.
    public let commit: String
    /// Its page, if the hub names one.
    public let url: String?
    /// The pull request it opened, if it was to open one.
    public let pullRequestURL: String?
}

extension HubClient {
    /// Commits to a branch whose head must be `parent`.
    ///
    /// A commit is not repeatable blindly: a lost answer may hide that it was made. So after a failed
    /// try the head is read again. If it is still the parent, the same commit is sent once more (a
    /// second landing would be refused, never doubled); if it has moved and holds what was to be
    /// committed, the commit is taken as made. Of pull requests the last ones are looked at.
    ///
    /// - Throws: `HubError.headMoved` if somebody else's commit came between.
    public func commit(
        _ operations: [CommitOperation],
        to id: RepositoryID,
        branch: Revision,
        parent: String,
        message: String,
        description: String = "",
        asPullRequest: Bool = false
    ) async throws -> CommitResult {
        try await commit(
            operations,
            to: id,
            branch: branch,
            parent: parent,
            message: message,
            description: description,
            asPullRequest: asPullRequest,
            after: nil
        )
    }

    /// The same, where it is known which pull request is the last that cannot be of this commit.
    func commit(
        _ operations: [CommitOperation],
        to id: RepositoryID,
        branch: Revision,
        parent: String,
        message: String,
        description: String,
        asPullRequest: Bool,
        after lastPullRequest: Int?
    ) async throws -> CommitResult {
        let commit = CommitRequest(
            header: CommitHeader(summary: message, description: description, parentCommit: parent),
            operations: operations
        )
        let url = url(
            of: id,
            "/commit/\(percentEncoded(branch.description))" + (asPullRequest ? "?create_pr=1" : "")
        )
        var request = WebRequest(
            "POST",
            url,
            headers: [("Content-Type", Protocol.ndjsonMediaType)],
            body: .bytes(commit.ndjson)
        )
        request.patience = Protocol.filingTime
        var mayHaveLanded = false
        var attempt = 1
        while true {
            let response: WebResponse?
            let failure: any Error
            do {
                let answer = try await exchange(request, isRepeatable: false).response
                if (200..<300).contains(answer.status) { return try result(answer, from: url) }
                (response, failure) = (answer, HubError(answer, about: id))
            } catch  where RetryPolicy.isTransient(error) {
                (response, failure) = (nil, error)
            }
            if response?.status == 412 {
                if mayHaveLanded { return try await landed(operations, id, branch, parent) }
                let head = try? await information(id, at: branch).commit
                // A run that was killed may have left this very commit on its way.
                if !asPullRequest, let head, let outcome = CommitOutcome(operations),
                    (try? await holds(outcome, id, at: head)) == true
                {
                    return CommitResult(commit: head, url: nil, pullRequestURL: nil)
                }
                throw HubError.headMoved(expected: parent, found: head)
            }
            if let status = response?.status, !RetryPolicy.isTransient(status) { throw failure }
            // Who is told to come later was not served; any other failure may hide a commit.
            if response?.status != 429 { mayHaveLanded = true }
            let wait = attempt < retry.attempts ? retry.wait(after: attempt, response) : nil
            if let wait { try await retry.wait(wait, after: attempt, because: failure) }
            if mayHaveLanded, asPullRequest {
                // Sent again it might open a second one, should the hub still be at work on the first.
                guard let outcome = CommitOutcome(operations),
                    let opened = try await openedPullRequest(outcome, id, after: lastPullRequest)
                else { throw failure }
                return opened
            } else if mayHaveLanded, let head = try? await information(id, at: branch).commit,
                head != parent
            {
                return try await landed(operations, id, branch, parent)
            }
            if wait == nil { throw failure }
            attempt += 1
        }
    }

    private func result(_ response: WebResponse, from url: WebURL) throws -> CommitResult {
        let json = try response.json(from: url)
        return try reading(url) {
            let commit = try json.text("commitOid")
            guard isCommitID(commit) else {
                throw WireError(key: "commitOid", expected: "a commit")
            }
            return CommitResult(
                commit: commit,
                url: json["commitUrl"]?.string,
                pullRequestURL: json["pullRequestUrl"]?.string
            )
        }
    }

    /// The head as the result of our commit, if all of it is there.
    private func landed(
        _ operations: [CommitOperation],
        _ id: RepositoryID,
        _ branch: Revision,
        _ parent: String
    ) async throws -> CommitResult {
        let head = try await information(id, at: branch).commit
        guard let outcome = CommitOutcome(operations), try await holds(outcome, id, at: head) else {
            throw HubError.headMoved(expected: parent, found: head)
        }
        return CommitResult(commit: head, url: nil, pullRequestURL: nil)
    }

    /// Whether a commit has everything that another would leave behind.
    func holds(_ outcome: CommitOutcome, _ id: RepositoryID, at commit: String) async throws -> Bool
    {
        outcome.isIn(try await tree(id, at: try Revision(commit), skippingUnsafe: true))
    }
}
