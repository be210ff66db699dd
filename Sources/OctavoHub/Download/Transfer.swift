internal import OctavoBase

/// Takes a file, or a range of one, as it arrives: what has come stays when the connection breaks.
protocol ResumableSink: BodySink {
    /// How many bytes have come.
    var count: Int { get }
    /// How many there are to be.
    var size: Int { get }
    /// What to ask for next, as a `Range` header has it; nil for all.
    var range: String? { get }
    /// Starts anew where the hub cannot send that range, or says why that is no use.
    func restart() throws
}

extension HubClient {
    /// Fetches what a sink wants: after a transfer that broke, from where it stopped.
    ///
    /// - Parameters:
    ///   - url: Where the hub has the file.
    ///   - id: The repository, for messages.
    ///   - path: The file, for messages.
    ///   - sink: What takes the bytes.
    /// - Returns: How many bytes came over the network.
    /// - Throws: `HubError`, or what the sink throws.
    func fetch(
        _ url: WebURL,
        of id: RepositoryID,
        _ path: RepositoryPath,
        to sink: some ResumableSink
    ) async throws -> Int {
        var received = 0
        var attempt = 1
        // A long file over a bad line may need many tries: progress starts their count anew. A hub
        // that drips a byte at a time makes none.
        let step = max(1, min(1 << 20, sink.size / 100))
        var milestone = sink.count
        while sink.count < sink.size {
            let start = sink.count
            var request = WebRequest("GET", url, headers: [("Accept-Encoding", "identity")])
            if let range = sink.range { request.headers.append(("Range", range)) }
            var response: WebResponse?
            var failure: (any Error)?
            do {
                let exchange = try await exchange(request, to: sink, isRepeatable: false)
                response = exchange.response
                let status = exchange.response.status
                let isStale = status == 403 && exchange.url.origin != url.origin
                if status == 416 {
                    try sink.restart()
                } else if !(200..<300).contains(status) {
                    let error = HubError(exchange.response, about: id)
                    guard isStale || RetryPolicy.isTransient(status) else { throw error }
                    failure = error
                }
            } catch  where RetryPolicy.isTransient(error) {
                failure = error
            }
            received += max(0, sink.count - start)
            if sink.count == sink.size { break }
            milestone = min(milestone, sink.count)
            if sink.count - milestone >= step {
                milestone = sink.count
                attempt = 1
            }
            let shortfall = HubError.wrongSize(
                path: path.description,
                expected: sink.size,
                found: sink.count
            )
            guard attempt < retry.attempts, let wait = retry.wait(after: attempt, response) else {
                throw failure ?? shortfall
            }
            try await retry.wait(wait, after: attempt, because: failure ?? shortfall)
            attempt += 1
        }
        return received
    }
}
