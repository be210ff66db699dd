internal import OctavoBase
internal import OctavoModel
internal import OctavoPublisher

/// A request that is not carried out, in the shape that OpenAI's clients know.
struct APIError: Error {
    let status: Int
    let message: String
    var type = "invalid_request_error"
    /// The parameter that is wrong, if it is one.
    var parameter: String?
    var code: String?
    /// Further headers of the answer.
    var headers: [String: String] = [:]

    var json: JSON {
        .object([
            "error": .object([
                "message": .string(message), "type": .string(type),
                "param": parameter.map(JSON.string) ?? .null,
                "code": code.map(JSON.string) ?? .null,
            ])
        ])
    }

    /// A parameter that is wrong, or not supported.
    static func invalid(_ parameter: String?, _ message: String, code: String? = nil) -> APIError {
        APIError(status: 400, message: message, parameter: parameter, code: code)
    }

    static func unsupported(_ parameter: String, _ what: String) -> APIError {
        .invalid(parameter, what, code: "unsupported_parameter")
    }

    static func tooLarge(_ limit: Int) -> APIError {
        APIError(status: 413, message: "The body is longer than \(limit) bytes.")
    }

    static let badKey = APIError(
        status: 401,
        message: "The API key in the Authorization header is missing or wrong.",
        code: "invalid_api_key",
        headers: ["WWW-Authenticate": "Bearer"]
    )

    static let foreignPage = APIError(
        status: 403,
        message:
            "Pages of other origins, and requests for other host names, need a server with an API key."
    )

    static let nothingThere = APIError(
        status: 404,
        message: "There is no such URL; see /v1/models, /v1/completions and /v1/chat/completions.",
        code: "unknown_url"
    )

    static func wrongMethod(_ right: String) -> APIError {
        APIError(
            status: 405,
            message: "This URL takes \(right) only.",
            headers: ["Allow": right]
        )
    }

    static func noModel(_ name: String, served: String) -> APIError {
        APIError(
            status: 404,
            message: "There is no model \"\(name.prefix(200))\"; this server has \"\(served)\".",
            parameter: "model",
            code: "model_not_found"
        )
    }

    static func overloaded(waiting: Int) -> APIError {
        APIError(
            status: 503,
            message: "\(waiting) requests are waiting already; try again later.",
            type: "server_error",
            code: "overloaded",
            headers: ["Retry-After": "1"]
        )
    }

    static let stopping = APIError(
        status: 503,
        message: "The server is being stopped.",
        type: "server_error",
        code: "stopping"
    )

    /// For the log: there is nobody to read it.
    static let clientGone = APIError(status: 499, message: "The client has gone.")
}

extension APIError {
    /// What is told of an error.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case is CancellationError: self = .clientGone
        case GenerationError.promptTooLong:
            self = .invalid(nil, "\(error)", code: "context_length_exceeded")
        case GenerationError.stops: self = .invalid("stop", "\(error)")
        case GenerationError.conversation, GenerationError.template,
            GenerationError.noChatTemplate, is ConversationError:
            self = .invalid("messages", "\(error)")
        case is GenerationError: self = .invalid(nil, "\(error)")
        case SamplingError.invalid(let name, _, _): self = .invalid(name, "\(error)")
        case is TokenError: self = .invalid("prompt", "\(error)")
        // Errors of the model and the machine: their texts may hold paths of it.
        case is SamplingError:
            self.init(status: 500, message: "\(error)", type: "server_error")
        default:
            self.init(status: 500, message: "The model cannot go on.", type: "server_error")
        }
    }
}
