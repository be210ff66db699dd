/// A wait before a request is sent again.
public struct RetryWait: Sendable, Equatable {
    /// How long, in seconds.
    public let seconds: Double
    /// Why, as the sentence of an error.
    public let reason: String
    /// Which try comes then, from 2.
    public let attempt: Int
    /// How many there are at most.
    public let attempts: Int
}

/// When a request that failed is sent again.
public struct RetryPolicy: Sendable {
    /// How often a request is sent at most.
    public var attempts: Int
    /// The longest that a hub's `Retry-After` is obeyed, in seconds; beyond it the user is told.
    public var longestWait: Double
    /// Waits a number of seconds.
    ///
    /// Tests put another in its place.
    public var pause: @Sendable (Double) async throws -> Void
    /// Told of each wait before it begins.
    public var onWait: @Sendable (RetryWait) -> Void

    /// Makes a policy.
    public init(
        attempts: Int = 6,
        longestWait: Double = 900,
        pause: @escaping @Sendable (Double) async throws -> Void = { seconds in
            try await Task.sleep(for: .seconds(seconds))
        },
        onWait: @escaping @Sendable (RetryWait) -> Void = { _ in }
    ) {
        self.attempts = attempts
        self.longestWait = longestWait
        self.pause = pause
        self.onWait = onWait
    }

    /// Waits before the try after number `attempt`, and says so.
    func wait(_ seconds: Double, after attempt: Int, because failure: any Error) async throws {
        onWait(
            RetryWait(
                seconds: seconds,
                reason: (failure as? HubError)?.description ?? "the request failed",
                attempt: attempt + 1,
                attempts: attempts
            )
        )
        try await pause(seconds)
    }

    /// Whether an answer is worth another try.
    static func isTransient(_ status: Int) -> Bool {
        [408, 429, 500, 502, 503, 504].contains(status)
    }

    /// Whether a failure of the transport is worth another try.
    static func isTransient(_ error: any Error) -> Bool {
        switch error as? HubError {
        case .timedOut, .interrupted: true
        case .unreachable(_, let reason):
            // A name that does not resolve or a closed port may be a hub that restarts; a bad
            // certificate stays bad.
            !reason.contains("ssl") && !reason.contains("certificate")
        default: false
        }
    }

    /// How often a request that meets this failure is sent at most.
    ///
    /// Where nobody answers there is most often no hub at all: that is said after a few seconds.
    func attempts(meeting error: any Error) -> Int {
        guard Self.isTransient(error) else { return 1 }
        if case .unreachable = error as? HubError { return min(3, attempts) }
        return attempts
    }

    /// Seconds to wait before try number `attempt + 1`: what the hub asked for, else 1 s doubling
    /// to 8 s with full jitter, so that many clients do not come back at once.
    ///
    /// - Returns: Nil if the hub asks for longer than `longestWait`.
    func wait(after attempt: Int, _ response: WebResponse?) -> Double? {
        if let response, let asked = Self.secondsAsked(response) {
            return Double(asked) <= longestWait ? Double(asked) : nil
        }
        return Double.random(in: 0...min(8, Double(1 << min(attempt, 10)) / 2))
    }

    /// What `Retry-After` asks for, or on a 429 with nothing left the reset of `RateLimit`
    /// (`"api";r=0;t=17`), and a second more.
    static func secondsAsked(_ response: WebResponse) -> Int? {
        if response.status == 429, let limit = response.headers["ratelimit"] {
            var fields: [Substring: Int] = [:]
            for part in limit.split(separator: ";") {
                let pair = part.split(separator: "=")
                if pair.count == 2, let number = Int(pair[1]), number >= 0 {
                    fields[pair[0]] = number
                }
            }
            if fields["r"] == 0, let reset = fields["t"], reset < 1 << 30 { return reset + 1 }
        }
        guard let seconds = response.headers["retry-after"].flatMap({ Int($0) }), seconds >= 0
        else { return nil }
        return seconds
    }
}
