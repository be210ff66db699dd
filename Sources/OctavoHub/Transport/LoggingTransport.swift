/// Tells what passes between this machine and others, a line for each exchange.
///
/// Neither headers nor queries nor bodies are told: tokens and signatures are in them.
public struct LoggingTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let log: @Sendable (String) -> Void

    /// Puts a log before another transport.
    ///
    /// - Parameters:
    ///   - transport: What carries the requests.
    ///   - log: Takes the lines, from any thread.
    public init(_ transport: any HTTPTransport, log: @escaping @Sendable (String) -> Void) {
        self.transport = transport
        self.log = log
    }

    /// Sends a request and waits for the whole answer.
    public func send(_ request: WebRequest, to sink: (any BodySink)?) async throws -> WebResponse {
        let began = ContinuousClock.now
        let range = request.headers.first { $0.name == "Range" }.map { " \($0.value)" } ?? ""
        let line = "\(request.method) \(request.url.withoutQuery)\(range)"
        func time() -> String { "\((ContinuousClock.now - began).milliseconds) ms" }
        do {
            let response = try await transport.send(request, to: sink)
            let id = ["x-request-id", "x-amzn-trace-id", "x-amz-cf-id"].lazy
                .compactMap { response.headers[$0] }.first
            let trace = id.map { ", request \(printable($0))" } ?? ""
            log("\(line): \(response.status) in \(time())\(trace)")
            return response
        } catch {
            log("\(line): \((error as? HubError)?.description ?? "failed") after \(time())")
            throw error
        }
    }

    /// An identifier of the hub's as far as it is one.
    private func printable(_ text: String) -> String {
        String(text.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }.map(Character.init))
            .prefix(80).description
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
