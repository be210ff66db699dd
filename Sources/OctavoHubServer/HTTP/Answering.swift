internal import FlyingFox

/// What listens behind a port.
protocol Answering: Sendable {
    /// Carries out a request, or throws why not.
    func dispatch(_ request: HTTPRequest, _ body: inout RequestBody) async throws -> HTTPResponse
}

extension Answering {
    /// Answers a request, whatever happens; its body is read to the end, so that the next request on
    /// the connection begins where it should.
    func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        var body = RequestBody(request)
        let response: HTTPResponse
        do {
            response = try await dispatch(request, &body)
        } catch {
            response = .refusal(Refusal(error), to: request.method)
        }
        try await body.drain()
        return response
    }
}
