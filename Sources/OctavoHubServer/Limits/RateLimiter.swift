internal import Glibc
internal import OctavoBase
internal import Synchronization

/// Counts requests in windows that are the same for all.
final class RateLimiter: Sendable {
    private struct State {
        var window = 0
        var counts: [String: Int] = [:]
    }

    /// The most callers that are told apart; the others share one count.
    private static let callerLimit = 100_000

    private let limits: HubSettings.Limits
    private let state = Mutex(State())

    init(_ limits: HubSettings.Limits) { self.limits = limits }

    /// Counts a request of a user, or of an address where there is no token.
    ///
    /// - Throws: `Refusal` with status 429 if it is one too many.
    func count(_ caller: HubTokens.Record?, at address: String) throws(Refusal) {
        guard let most = limits.requests else { return }
        let seconds = max(1, limits.window)
        let now = time(nil)
        // Two kinds of keys: nobody's address is a user's name.
        var key = caller.map { "user \($0.user)" } ?? "address \(address)"
        let isAllowed = state.withLock { state in
            if state.window != now / seconds { state = State(window: now / seconds) }
            if state.counts[key] == nil && state.counts.count >= Self.callerLimit { key = "others" }
            state.counts[key, default: 0] += 1
            return state.counts[key, default: 0] <= most
        }
        guard !isAllowed else { return }
        throw .tooManyRequests(most, window: seconds, left: seconds - now % seconds)
    }
}

extension Refusal {
    /// The answer to one request too many: when to come back, in the headers that clients read.
    fileprivate static func tooManyRequests(_ most: Int, window: Int, left: Int) -> Refusal {
        var refusal = Refusal(
            status: 429,
            message: "You have sent \(most) requests in \(window) seconds: try again in \(left)"
        )
        refusal.headers = [
            "RateLimit": "\"api\";r=0;t=\(left)", "Retry-After": "\(left)",
            "RateLimit-Policy": "\"fixed window\";\"api\";q=\(most);w=\(window)",
        ]
        return refusal
    }
}
