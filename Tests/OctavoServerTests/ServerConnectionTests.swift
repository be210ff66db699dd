import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoServer

@Suite("Clients that go away, wait or do nothing")
struct ServerConnectionTests {
    /// A request whose answer takes longer than any test.
    private func endless(_ live: LiveServer, stream: Bool) -> String {
        live.request(
            "POST",
            "/v1/completions",
            "{\"prompt\":\"a\",\"max_tokens\":100000,\"temperature\":0,\"stream\":\(stream)}"
        )
    }

    /// Waits until the server makes a text.
    private func waitUntilWorking(_ live: LiveServer) async throws {
        while await !live.server.isWorking { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test("a client that goes away ends what is made for it", arguments: [true, false])
    func departure(stream: Bool) async throws {
        try await withServer(context: 150_000) { live in
            let text = endless(live, stream: stream)
            try await runBlocking { [port = live.port] in
                let connection = try RawConnection(port: port)
                connection.send(text)
                if stream { _ = connection.receive(through: "\"text\":") }
                connection.close()
            }
            let record = try #require(try await live.waitForRecords(1).first)
            #expect(record.status == 499)
            #expect(record.tokens ?? 0 < 100_000)
            // The next one is served.
            let body = #"{"prompt":"a","max_tokens":1}"#
            #expect(try await live.send("POST", "/v1/completions", body).status == 200)
        }
    }

    @Test("requests wait for their turn, as many as may; who leaves makes room")
    func queue() async throws {
        try await withServer(context: 150_000, configure: { $0.mostWaiting = 1 }) { live in
            let text = endless(live, stream: false)
            let port = live.port
            let working = try await runBlocking {
                let connection = try RawConnection(port: port)
                connection.send(text)
                return connection
            }
            try await waitUntilWorking(live)
            let waiting = try await runBlocking {
                let connection = try RawConnection(port: port)
                connection.send(text)
                return connection
            }
            while await live.server.waitingCount < 1 { try await Task.sleep(for: .milliseconds(5)) }
            let body = #"{"prompt":"a","max_tokens":1}"#
            let refused = try await live.send("POST", "/v1/completions", body)
            #expect(refused.status == 503)
            #expect(refused.headers.contains("retry-after: 1"))
            #expect(try refused.error().code == "overloaded")
            // What needs no turn is answered.
            #expect(try await live.send("GET", "/v1/models").status == 200)
            waiting.close()
            while await live.server.waitingCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
            async let served = live.send("POST", "/v1/completions", body)
            while await live.server.waitingCount < 1 { try await Task.sleep(for: .milliseconds(5)) }
            working.close()
            #expect(try await served.status == 200)
            #expect(live.records.all.filter { $0.status == 499 }.count == 2)
        }
    }

    @Test("a server that is stopped says so to whom it was answering", arguments: [true, false])
    func stop(stream: Bool) async throws {
        try await withServer(context: 150_000) { live in
            let text = endless(live, stream: stream)
            let port = live.port
            async let answer = runBlocking {
                let connection = try RawConnection(port: port)
                connection.send(text)
                return try connection.answer()
            }
            try await waitUntilWorking(live)
            await live.server.stop()
            let found = try await answer
            #expect(found.status == (stream ? 200 : 503))
            let last = try #require(stream ? found.events.last : found.body)
            #expect(last.contains("\"code\":\"stopping\""))
            // Returns once the port is closed.
            await live.server.end()
        }
    }

    @Test("a connection that does nothing is closed; one that is served is not")
    func idling() async throws {
        try await withServer(context: 150_000, configure: { $0.idleSeconds = 0.3 }) { live in
            let port = live.port
            for beginning in [
                "", "POST /v1/completions HTTP/1.1\r\nContent-Le",
                "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
            ] {
                let rest = try await runBlocking {
                    let connection = try RawConnection(port: port)
                    connection.send(beginning)
                    return connection.receiveRest()
                }
                #expect(!rest.contains(" 200 "))
            }
            // Takes longer than that, and nothing is sent meanwhile.
            let body = #"{"prompt":"a","max_tokens":3000,"temperature":0}"#
            #expect(try await live.send("POST", "/v1/completions", body).status == 200)
        }
    }

    @Test("a port that is taken, and a host that is no address")
    func start() async throws {
        try await withServer { live in
            var settings = ServerSettings(modelName: "x")
            settings.port = live.port
            await #expect {
                _ = try await InferenceServer.start(live.generator, settings: settings)
            } throws: { "\($0)".contains("cannot listen on port \(live.port)") }
            settings.host = "example.org"
            await #expect(throws: ServerError.badHost("example.org")) {
                _ = try await InferenceServer.start(live.generator, settings: settings)
            }
        }
    }
}
