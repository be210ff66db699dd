import OctavoBase
import OctavoHub
import Synchronization

/// A transport over the real one in which much goes wrong, by a seed.
final class StormTransport: HTTPTransport {
    /// What goes wrong.
    enum Fault: CaseIterable, Sendable {
        /// The hub limits requests, with the headers it has for that.
        case rateLimit
        /// It fails before it does anything.
        case unavailable
        /// No connection comes about.
        case noConnection
        /// The request is carried out, the answer gets lost.
        case lostAnswer
        /// The answer is cut off in its middle.
        case cutBody
        /// A bit of the contents is another, the length is right.
        case flippedBit
        /// The whole file comes where a part was asked for.
        case ignoredRange
        /// A signed URL is over.
        case expired
        /// A part of an upload is confirmed without an ETag.
        case missingTag
        /// The hub refuses an object that it was asked about.
        case refusedObject
        /// The answer takes its time.
        case slow
    }

    private struct State {
        var generator: SeededGenerator
        var counts: [Fault: Int] = [:]
    }

    private let real: any HTTPTransport
    private let state: Mutex<State>
    /// Of how many requests one goes wrong.
    private let rarity: UInt64

    init(_ real: any HTTPTransport, seed: UInt64, rarity: UInt64) {
        self.real = real
        self.rarity = rarity
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    /// How often each fault happened.
    var counts: [Fault: Int] { state.withLock { $0.counts } }

    private func note(_ fault: Fault) { state.withLock { $0.counts[fault, default: 0] += 1 } }

    /// A fault that can befall the request; nil most of the time.
    private func fault(_ request: WebRequest, hasSink: Bool) -> Fault? {
        let target = request.url.target
        let isContent = target.contains("signature=") || target.contains("X-Amz")
        let isRange = request.headers.contains { $0.name == "Range" }
        var possible: [Fault] = [.rateLimit, .unavailable, .noConnection, .lostAnswer, .slow]
        if hasSink { possible += [.cutBody, .flippedBit] }
        if isRange { possible.append(.ignoredRange) }
        if isContent { possible.append(.expired) }
        if isContent && request.method == "PUT" { possible.append(.missingTag) }
        if target.hasSuffix("/objects/batch") { possible.append(.refusedObject) }
        return state.withLock { state in
            guard state.generator.next() % rarity == 0 else { return nil }
            return possible[Int(state.generator.next() % UInt64(possible.count))]
        }
    }

    func send(_ request: WebRequest, to sink: (any BodySink)?) async throws -> WebResponse {
        guard let fault = fault(request, hasSink: sink != nil) else {
            return try await real.send(request, to: sink)
        }
        var request = request
        switch fault {
        case .rateLimit:
            note(fault)
            return WebResponse(status: 429, headers: ["ratelimit": "\"api\";r=0;t=1"])
        case .unavailable:
            note(fault)
            return WebResponse(status: 503)
        case .noConnection:
            note(fault)
            throw HubError.unreachable(host: "storm", reason: "no connection")
        case .expired:
            note(fault)
            return WebResponse(status: 403)
        case .slow:
            note(fault)
            try await Task.sleep(for: .milliseconds(20))
            return try await real.send(request, to: sink)
        case .lostAnswer:
            _ = try await real.send(request, to: sink)
            note(fault)
            throw HubError.interrupted(host: "storm", reason: "the answer was lost")
        case .cutBody, .flippedBit:
            let spoiling = SpoilingSink(sink, flips: fault == .flippedBit)
            let response = try await real.send(request, to: spoiling)
            guard spoiling.didSpoil else { return response }
            note(fault)
            if fault == .flippedBit { return response }
            throw HubError.interrupted(host: "storm", reason: "cut")
        case .ignoredRange:
            request.headers.removeAll { $0.name == "Range" }
            note(fault)
            return try await real.send(request, to: sink)
        case .missingTag:
            var response = try await real.send(request, to: sink)
            response.headers["etag"] = nil
            note(fault)
            return response
        case .refusedObject:
            let response = try await real.send(request, to: sink)
            guard let json = try? JSON(parsing: response.body),
                let oid = json["objects"]?.array?.first?["oid"]?.string
            else { return response }
            note(fault)
            let refusal =
                "{\"objects\":[{\"oid\":\"\(oid)\",\"error\":{\"code\":507,\"message\":\"full\"}}]}"
            return WebResponse(status: 200, body: Array(refusal.utf8))
        }
    }
}

/// Passes on the first half of the first piece of a body, or flips a bit of it.
private final class SpoilingSink: BodySink {
    private let sink: (any BodySink)?
    private let flips: Bool
    private let state = Mutex((didSpoil: false, isCut: false))

    init(_ sink: (any BodySink)?, flips: Bool) {
        self.sink = sink
        self.flips = flips
    }

    var didSpoil: Bool { state.withLock { $0.didSpoil } }

    func accepts(_ response: WebResponse) throws -> Bool {
        try sink?.accepts(response) ?? false
    }

    func write(_ bytes: RawSpan) throws {
        guard bytes.byteCount > 1 else { return try write(whole: bytes) }
        if flips {
            guard !didSpoil else { return try write(whole: bytes) }
            var copy = bytes.array
            copy[copy.count / 2] ^= 1
            state.withLock { $0.didSpoil = true }
            try copy.withRawBytes { try sink?.write($0) }
        } else {
            guard !state.withLock({ $0.isCut }) else { return }
            state.withLock { $0 = (true, true) }
            try sink?.write(bytes.extracting(0..<bytes.byteCount / 2))
        }
    }

    private func write(whole bytes: RawSpan) throws { try sink?.write(bytes) }
}
