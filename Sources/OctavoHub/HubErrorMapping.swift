internal import OctavoBase

extension HubError {
    /// Names what an answer with a status of 300 or more means.
    ///
    /// The order is the protocol's: the code in the headers first, then the message, then the status.
    init(_ response: WebResponse, about id: RepositoryID?) {
        let message = Self.message(response)
        let name = id?.description ?? "asked for"
        switch (response.headers["x-error-code"], response.status) {
        case ("RevisionNotFound", _): self = .revisionNotFound(message: message)
        case ("EntryNotFound", _): self = .entryNotFound(message: message)
        case ("GatedRepo", _): self = .gated(name, message: message)
        case _ where message == "Access to this resource is disabled.": self = .disabled(name)
        case ("RepoNotFound", _): self = .repositoryNotFound(name)
        case (_, 401) where message == "Invalid credentials in Authorization header":
            self = .tokenRefused(message: message)
        case (_, 401) where id != nil: self = .repositoryNotFound(name)
        case (_, 401): self = .tokenNeeded(message: message)
        case (_, 400), (_, 422): self = .badRequest(message: message)
        case (_, 403): self = .forbidden(message: message)
        case (_, 404) where id != nil: self = .repositoryNotFound(name)
        case (_, 409): self = .alreadyExists(message: message)
        case (_, 413): self = .tooLarge(message: message)
        case (_, 416): self = .rangeNotSatisfiable(message: message)
        case (_, 429): self = .rateLimited(seconds: RetryPolicy.secondsAsked(response))
        case (_, 500...): self = .serverFailed(status: response.status, message: message)
        default: self = .unexpectedStatus(response.status, message: message)
        }
    }

    /// What the hub says for people: the header, else what the JSON holds, else the status.
    private static func message(_ response: WebResponse) -> String {
        var text = response.headers["x-error-message"]
        if text == nil, let json = try? JSON(parsing: response.body) {
            let errors = json["errors"]?.array?.compactMap { $0["message"]?.string } ?? []
            let list = json["error"]?.array?.compactMap(\.string) ?? []
            text =
                json["error"]?.string ?? json["error_description"]?.string ?? json["message"]?
                .string
                ?? (errors + list).joined(separator: "; ")
        }
        guard let text, !text.isEmpty else { return "no reason given (status \(response.status))" }
        // It goes to a terminal: no control characters, and no novels.
        let clean = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        var line = String.UnicodeScalarView()
        line.append(contentsOf: clean.prefix(500))
        return String(line)
    }
}
