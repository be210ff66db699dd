/// What can go wrong between here and a hub.
public enum HubError: Error, Hashable, Sendable {
    // Before anything is sent.
    /// The endpoint is no http or https address.
    case invalidEndpoint(String)
    /// A token, from the place named, cannot stand in a header.
    case malformedToken(String)
    /// No token of that name is stored; those that are.
    case noStoredToken(name: String, known: [String], file: String)
    /// The token would go over plain http to another machine.
    case insecureToken(host: String)
    /// A path breaks a rule of `RepositoryPath`, or leads through a link.
    case unsafePath(String, rule: String)
    /// The folder has no file.
    case nothingToUpload(folder: String)

    // On the way.
    /// No connection could be made.
    case unreachable(host: String, reason: String)
    /// The other side stood still for too long.
    case timedOut(host: String)
    /// The connection broke within an exchange.
    case interrupted(host: String, reason: String)
    /// More than 10 redirects.
    case tooManyRedirects(String)
    /// A redirect or a next page leads where the client does not go.
    case unsafeRedirect(String)
    /// The task was cancelled.
    case cancelled

    // What the hub answered.
    /// The hub does not know the token.
    case tokenRefused(message: String)
    /// The hub wants a token.
    case tokenNeeded(message: String)
    /// The token has no right to do this.
    case forbidden(message: String)
    /// The repository is missing or private: hubs do not tell which.
    case repositoryNotFound(String)
    /// There is no such branch, tag or commit.
    case revisionNotFound(message: String)
    /// There is no such file.
    case entryNotFound(message: String)
    /// The repository has terms that were not accepted.
    case gated(String, message: String)
    /// The hub disabled the repository.
    case disabled(String)
    /// The hub refused what the request says.
    case badRequest(message: String)
    /// What was to be made exists.
    case alreadyExists(message: String)
    /// Somebody has closed or merged the pull request that was to be committed to.
    case pullRequestClosed(url: String, status: String)
    /// Another commit came between.
    case headMoved(expected: String, found: String?)
    /// The request is over a limit of the hub.
    case tooLarge(message: String)
    /// The hub cannot send the range.
    case rangeNotSatisfiable(message: String)
    /// The hub answers with the whole file where a part of it was asked for.
    case rangeIgnored(path: String)
    /// Too many requests; seconds to wait, if the hub told.
    case rateLimited(seconds: Int?)
    /// The hub failed (5xx).
    case serverFailed(status: Int, message: String)
    /// Any other status.
    case unexpectedStatus(Int, message: String)
    /// The answer is not what the protocol says.
    case malformedReply(from: String, problem: String)

    // Contents.
    /// A file has another length than the hub promised.
    case wrongSize(path: String, expected: Int, found: Int)
    /// A file hashes to something else than the hub promised.
    case wrongDigest(path: String, expected: String, found: String)
    /// The hub wants contents in a way that was not offered.
    case transferNotSupported(String)
    /// The hub refused one LFS object.
    case objectRefused(oid: String, code: Int, message: String)
    /// A local file became shorter during the upload.
    case fileChanged(path: String)
    /// What the hub holds after a commit is not what was committed: how many files, and the first of them.
    case notAsCommitted(commit: String, paths: [String], count: Int)
    /// Another process holds the partial file.
    case alreadyDownloading(path: String)
}
