import OctavoBase
import OctavoHub
import Synchronization

/// A transport over the real one that goes wrong where a test says, and remembers what was asked.
final class FaultyTransport: HTTPTransport {
    /// What goes wrong.
    enum Fault: Sendable {
        /// Bodies for a sink break off after so many bytes, once.
        case cutBody(after: Int)
        /// The answer to a request for a path with this in it gets lost, once.
        case lostAnswer(to: String)
    }

    private let real = CurlTransport()
    private let fault: Mutex<Fault?>
    private let asked = Mutex<[WebRequest]>([])

    init(_ fault: Fault? = nil) { self.fault = Mutex(fault) }

    /// The requests so far.
    var requests: [WebRequest] { asked.withLock { $0 } }

    func send(_ request: WebRequest, to sink: (any BodySink)?) async throws -> WebResponse {
        asked.withLock { $0.append(request) }
        switch fault.withLock({ $0 }) {
        case .cutBody(let count):
            guard let sink else { break }
            let cutting = CuttingSink(sink, after: count)
            let response = try await real.send(request, to: cutting)
            if cutting.didCut {
                fault.withLock { $0 = nil }
                throw HubError.interrupted(host: "test", reason: "the body was cut")
            }
            return response
        case .lostAnswer(let part) where request.url.target.contains(part):
            fault.withLock { $0 = nil }
            _ = try await real.send(request, to: sink)
            throw HubError.interrupted(host: "test", reason: "the answer was lost")
        default: break
        }
        return try await real.send(request, to: sink)
    }
}

/// Passes on the first bytes only.
private final class CuttingSink: BodySink {
    private let sink: any BodySink
    private let left: Mutex<Int>
    private let cut = Mutex(false)

    init(_ sink: any BodySink, after count: Int) {
        self.sink = sink
        left = Mutex(count)
    }

    var didCut: Bool { cut.withLock { $0 } }

    func accepts(_ response: WebResponse) throws -> Bool { try sink.accepts(response) }

    func write(_ bytes: RawSpan) throws {
        let room = left.withLock { $0 }
        if bytes.byteCount > room { cut.withLock { $0 = true } }
        let piece = bytes.extracting(0..<min(room, bytes.byteCount))
        left.withLock { $0 -= piece.byteCount }
        if piece.byteCount > 0 { try sink.write(piece) }
    }
}
