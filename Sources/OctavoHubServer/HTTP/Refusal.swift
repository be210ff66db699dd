internal import OctavoBase
internal import OctavoHub

/// A request that is not carried out, as the protocol's status, code and message tell it.
struct Refusal: Error {
    let status: Int
    /// What stands in `X-Error-Code`, for the cases that have one.
    var code: String?
    let message: String
    /// Further members of the answer's JSON.
    var details = JSONObject()
    /// Further headers of the answer.
    var headers: [String: String] = [:]

    static func badRequest(_ message: String) -> Refusal { Refusal(status: 400, message: message) }

    static func forbidden(_ message: String) -> Refusal { Refusal(status: 403, message: message) }

    /// The answer to a token that this hub did not give; clients know it by the message.
    static let badCredentials = Refusal(
        status: 401,
        message: "Invalid credentials in Authorization header"
    )

    /// The answer to who shows no token where one is needed.
    static let tokenNeeded = Refusal(status: 401, message: "Invalid username or password.")

    /// One answer for what does not exist and for what is private, so that neither can be told.
    static func noRepository(hasToken: Bool) -> Refusal {
        hasToken
            ? Refusal(status: 404, code: "RepoNotFound", message: "Repository not found")
            : Refusal(status: 401, code: "RepoNotFound", message: "Invalid username or password.")
    }

    static func noRevision(_ revision: String) -> Refusal {
        Refusal(status: 404, code: "RevisionNotFound", message: "Invalid rev id: \(revision)")
    }

    static func noEntry(_ path: String) -> Refusal {
        Refusal(status: 404, code: "EntryNotFound", message: "Entry not found: \(path)")
    }

    static let noDiscussion = Refusal(status: 404, message: "There is no such discussion")

    /// The answer to who may know a gated repository, but not have its files.
    static func gated(_ id: RepositoryID, hasToken: Bool) -> Refusal {
        Refusal(
            status: hasToken ? 403 : 401,
            code: "GatedRepo",
            message: "Access to model \(id) is restricted: ask its owner"
        )
    }

    static let noEndpoint = Refusal(status: 404, message: "Sorry, this hub has nothing there.")

    static func exists(_ message: String) -> Refusal { Refusal(status: 409, message: message) }

    static let headMoved = Refusal(
        status: 412,
        message: "The branch was updated since you opened this page. Please refresh and try again."
    )

    static func tooLarge(_ limit: Int) -> Refusal {
        Refusal(status: 413, message: "The body is longer than \(limit) bytes")
    }
}

extension Refusal {
    /// What is told of an error.
    ///
    /// Any error has an answer: a handler that throws instead would leave the rest of the body in the
    /// connection, to be read as the next request.
    init(_ error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as WireError: self = .badRequest(error.description)
        // Paths of this machine are nobody else's business.
        case let error as FileError where error.isDiskFull:
            self.init(status: 500, message: "The disk is full")
        case let error as FileError:
            self.init(status: 500, message: "The hub cannot \(error.operation) a file")
        default: self.init(status: 500, message: "The hub cannot read what it keeps")
        }
    }
}
