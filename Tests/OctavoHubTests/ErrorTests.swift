import OctavoHub
import Testing

@Suite("What an answer's failure means")
struct ErrorTests {
    private static let id = "ada/tiny"

    @Test(
        "Code, message and status name one error",
        arguments: [
            (404, "RevisionNotFound", "no rev", HubError.revisionNotFound(message: "no rev")),
            (404, "EntryNotFound", "no file", .entryNotFound(message: "no file")),
            (403, "GatedRepo", "terms", .gated(id, message: "terms")),
            (401, "GatedRepo", "terms", .gated(id, message: "terms")),
            (403, "", "Access to this resource is disabled.", .disabled(id)),
            (404, "RepoNotFound", "x", .repositoryNotFound(id)),
            (401, "RepoNotFound", "x", .repositoryNotFound(id)),
            (401, "", "Invalid username or password.", .repositoryNotFound(id)),
            (
                401, "", "Invalid credentials in Authorization header",
                .tokenRefused(message: "Invalid credentials in Authorization header")
            ),
            (400, "", "bad", .badRequest(message: "bad")),
            (403, "", "role", .forbidden(message: "role")),
            (413, "", "big", .tooLarge(message: "big")),
            (429, "", "slow", .rateLimited(seconds: nil)),
            (500, "", "oops", .serverFailed(status: 500, message: "oops")),
            (418, "", "tea", .unexpectedStatus(418, message: "tea")),
        ]
    )
    func mapping(_ status: Int, _ code: String, _ message: String, _ expected: HubError)
        async throws
    {
        let headers = code.isEmpty ? [:] : ["x-error-code": code]
        // The JSON carries the message; a code alone must do as well.
        let transport = ScriptedTransport([
            .json("{\"error\":\"\(message)\"}", status: status, headers: headers)
        ])
        await #expect(throws: expected) {
            _ = try await client(transport, attempts: 1).information(try RepositoryID(Self.id))
        }
    }

    @Test("A message cannot steer the terminal, and an HTML page is no message")
    func messages() async throws {
        let steered = ScriptedTransport([
            .answer(WebResponse(status: 400, headers: ["x-error-message": "a\u{1B}[2Jb"]))
        ])
        await #expect(throws: HubError.badRequest(message: "a [2Jb")) {
            _ = try await client(steered).information(try RepositoryID(Self.id))
        }
        let page = ScriptedTransport([.json("<html>", status: 400)])
        await #expect(throws: HubError.badRequest(message: "no reason given (status 400)")) {
            _ = try await client(page).information(try RepositoryID(Self.id))
        }
    }

    @Test("An answer that is not the protocol's is named, with who gave it")
    func malformed() async throws {
        for body in ["", "[]", "{\"id\":\"ada/tiny\"}", "{\"id\":\"ada/tiny\",\"sha\":\"main\"}"] {
            let transport = ScriptedTransport([.json(body)])
            await #expect {
                _ = try await client(transport).information(try RepositoryID(Self.id))
            } throws: { error in
                if case HubError.malformedReply(let from, _) = error {
                    return from.hasPrefix("https://hub.example")
                }
                return false
            }
        }
    }
}
