extension HubError: CustomStringConvertible {
    /// As a sentence: what was found, and what was expected.
    public var description: String {
        switch self {
        case .invalidEndpoint(let text):
            "\"\(text)\" is no hub address: expected http:// or https:// and a host"
        case .malformedToken(let place):
            "the token in \(place) holds spaces or characters that cannot be sent"
        case .noStoredToken(let name, let known, let file):
            "\(file) holds no token \"\(name)\""
                + (known.isEmpty ? "" : ", but \(known.joined(separator: ", "))")
        case .insecureToken(let host): "refused to send a token to \(host) over plain http"
        case .unsafePath(let path, let rule): "the path \"\(path)\" is not safe: \(rule)"
        case .nothingToUpload(let folder): "\(folder) holds no file to upload"
        case .unreachable(let host, let reason): "cannot reach \(host): \(reason)"
        case .timedOut(let host): "\(host) stopped answering"
        case .interrupted(let host, let reason): "the connection to \(host) broke: \(reason)"
        case .tooManyRedirects(let url): "more than 10 redirects, the last to \(url)"
        case .unsafeRedirect(let url): "refused a redirect to \(url)"
        case .cancelled: "cancelled"
        case .tokenRefused(let message): "the hub does not know this token: \(message)"
        case .tokenNeeded(let message): "the hub wants a token for this: \(message)"
        case .forbidden(let message): "the token has no right to do this: \(message)"
        case .repositoryNotFound(let id):
            "repository \(id) does not exist, or is private and not open to you"
        case .revisionNotFound(let message): "no such revision: \(message)"
        case .entryNotFound(let message): "no such file: \(message)"
        case .gated(let id, let message):
            "repository \(id) asks you to accept its terms first: \(message)"
        case .disabled(let id): "access to \(id) is disabled on the hub"
        case .badRequest(let message): "the hub refused the request: \(message)"
        case .alreadyExists(let message): "it exists already: \(message)"
        case .pullRequestClosed(let url, let status):
            "the pull request \(url) is \(status): expected a draft or an open one"
        case .headMoved(let expected, let found):
            "the branch moved: expected its head at \(expected), found \(found ?? "another commit")"
        case .tooLarge(let message): "the hub finds this too large: \(message)"
        case .rangeNotSatisfiable(let message): "the hub cannot send that range: \(message)"
        case .rangeIgnored(let path):
            "the hub sends all of \(path) where a part was asked for"
        case .rateLimited(let seconds):
            "the hub limits requests" + (seconds.map { ", for another \($0) s" } ?? "")
        case .serverFailed(let status, let message):
            "the hub failed with status \(status): \(message)"
        case .unexpectedStatus(let status, let message):
            "the hub answered with status \(status): \(message)"
        case .malformedReply(let from, let problem): "cannot read the answer of \(from): \(problem)"
        case .wrongSize(let path, let expected, let found):
            "\(path) has \(found) bytes where \(expected) were promised"
        case .wrongDigest(let path, let expected, let found):
            "\(path) is not what the hub promised: expected digest \(expected), found \(found)"
        case .transferNotSupported(let name):
            "the hub asks for \"\(name)\" uploads: expected \"basic\" or \"multipart\""
        case .objectRefused(let oid, let code, let message):
            "the hub refused object \(oid.prefix(12)) with code \(code): \(message)"
        case .fileChanged(let path): "\(path) changed while it was uploaded"
        case .notAsCommitted(let commit, let paths, let count):
            "at commit \(commit) the hub has not what was sent: "
                + paths.joined(separator: ", ")
                + (count > paths.count ? " and \(count - paths.count) more" : "")
        case .alreadyDownloading(let path): "another process is downloading \(path)"
        }
    }

    /// One thing to do next, if there is one.
    public var remedy: String? {
        switch self {
        case .invalidEndpoint: "set HF_ENDPOINT to the hub's address, or unset it"
        case .malformedToken: "copy the token again; it is one word"
        case .noStoredToken: "choose one that is there, or set HF_TOKEN"
        case .insecureToken: "use the hub's https address, or unset the token"
        case .unsafePath: "rename the file; if the hub named it, do not trust that repository"
        case .nothingToUpload: "name the folder that holds the model"
        case .unreachable: "check the network and HF_ENDPOINT; is the hub running?"
        case .timedOut, .interrupted: "run the command again; it goes on where it stopped"
        case .tooManyRedirects, .unsafeRedirect: "check HF_ENDPOINT"
        case .cancelled: nil
        case .tokenRefused: "create a new token and set HF_TOKEN"
        case .tokenNeeded: "set HF_TOKEN"
        case .forbidden: "use a token with the write role for that namespace"
        case .repositoryNotFound: "check the name; for a private repository set HF_TOKEN"
        case .revisionNotFound: "list the branches and tags of the repository"
        case .entryNotFound: "list the files of the repository"
        case .gated: "open the repository's page and accept its terms"
        case .disabled: nil
        case .badRequest: "correct what the hub names"
        case .alreadyExists: "choose another name"
        case .pullRequestClosed: "run the command again; it opens a new pull request"
        case .headMoved: "look at the new commit, then run the command again"
        case .tooLarge: "split the files into smaller shards"
        case .rangeNotSatisfiable: "run the command again; the file may have changed"
        case .rangeIgnored: "download the repository with `octavo pull`"
        case .rateLimited: "wait, then run the command again; a token raises the limit"
        case .serverFailed: "wait, then run the command again"
        case .unexpectedStatus, .malformedReply: "check that HF_ENDPOINT is a hub"
        case .wrongSize, .wrongDigest:
            "run the command again; if it stays, tell the repository's owner"
        case .transferNotSupported: "use a hub that takes plain uploads"
        case .objectRefused: "run the command again"
        case .fileChanged: "run the command again when nothing writes to the folder"
        case .notAsCommitted: "look at that commit on the hub; another push sends what is missing"
        case .alreadyDownloading: "wait for the other process"
        }
    }
}
