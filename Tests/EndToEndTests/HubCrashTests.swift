import Foundation
import OctavoBase
import OctavoHub
import OctavoTestSupport
import Subprocess
import Testing

@Suite("A hub that is killed while it works")
struct HubCrashTests {
    /// A commit as the test made it: what main holds after it.
    private struct Made: Sendable {
        let id: String
        let number: Int
    }

    @Test(
        "after kill -9 main is where an answer said, or one commit further, and all of it can be read"
    )
    func killed() async throws {
        let id = try RepositoryID("ada/tiny")
        try await withSandbox { box in
            var random = SystemRandomNumberGenerator()
            var next = 0
            var kills = 0
            let token = try await box.succeed("hub token create --root hub --user ada --role write")
            let secret = token.output.trimmingCharacters(in: .whitespacesAndNewlines)
            var last: Made?
            // As many lives of the server; the first makes the repository.
            for life in 0..<8 {
                var answered = last
                try await box.withDoomedHub { endpoint, kill in
                    let client = HubClient(
                        HubConfiguration(
                            endpoint: try #require(WebURL(endpoint)),
                            token: AccessToken(secret)
                        ),
                        retry: RetryPolicy(pause: { _ in })
                    )
                    if life == 0 { _ = try await client.createRepository(id) }
                    let head = try await client.information(id).commit
                    answered = try await check(client, id, head, answered, next)
                    // The kill comes while commits go on: after a while that nobody chose.
                    let delay = Int.random(in: 5...400, using: &random)
                    async let killer: Void = {
                        try await Task.sleep(for: .milliseconds(delay))
                        try kill()
                    }()
                    var parent = head
                    while true {
                        next += 1
                        do {
                            parent = try await client.commit(
                                Self.operations(next),
                                to: id,
                                branch: .main,
                                parent: parent,
                                message: "Number \(next)"
                            ).commit
                            answered = Made(id: parent, number: next)
                        } catch {
                            break
                        }
                    }
                    try await killer
                }
                last = answered
                kills += 1
            }
            #expect(kills == 8 && next > 8)
        }
    }

    /// Files of which each says the commit's number: a mixture of two commits would show.
    private static func operations(_ number: Int) -> [CommitOperation] {
        (0..<5).map { .file(path: "folder/\($0).txt", contents: text(number, $0)) }
    }

    private static func text(_ number: Int, _ file: Int) -> [UInt8] {
        Array(String(repeating: "\(number) \(file)\n", count: 200).utf8)
    }

    /// Checks what a new life of the server found.
    ///
    /// - Returns: The commit that main points to; nil before there is one of the test's.
    private func check(
        _ client: HubClient,
        _ id: RepositoryID,
        _ head: String,
        _ answered: Made?,
        _ tried: Int
    ) async throws -> Made? {
        try await withTemporaryDirectory { directory in
            // Reading compares every file with its hash.
            _ = try await client.download(repository: id, into: joined(directory, "copy"))
            let files = try filesBelow(joined(directory, "copy")).filter { $0.hasPrefix("folder/") }
            guard tried > 0, !files.isEmpty else {
                #expect(answered == nil)
                return nil
            }
            let first = try readFile(joined(directory, "copy/folder/0.txt"))
            let number = try #require(
                String(decoding: first, as: UTF8.self).split(separator: " ").first.flatMap {
                    Int($0)
                }
            )
            #expect(files.count == 5)
            for file in 0..<5 {
                let found = try readFile(joined(directory, "copy/folder/\(file).txt"))
                #expect(found == Self.text(number, file))
            }
            if let answered, head == answered.id {
                #expect(number == answered.number)
            } else {
                // The commit whose answer never came.
                #expect(number == tried)
            }
            return Made(id: head, number: number)
        }
    }
}

extension Sandbox {
    /// Runs `octavo hub serve` until a body kills it.
    ///
    /// - Parameter body: Is given the hub's address and what ends it as a power cut would.
    /// - Throws: What the body throws.
    fileprivate func withDoomedHub(
        _ body: (_ endpoint: String, _ kill: @Sendable @escaping () throws -> Void) async throws ->
            Void
    ) async throws {
        let result = try await Subprocess.run(
            .name("sh"),
            arguments: [
                "-c", "exec \"$@\"", "sh", try binary(), "hub", "serve", "--root", self("hub"),
                "--port", "0",
            ],
            input: .none,
            output: .sequence,
            error: .discarded
        ) { execution in
            var lines = execution.standardOutput.strings().makeAsyncIterator()
            do {
                let endpoint = try #require(try await lines.next())
                try await body(endpoint) { try execution.send(signal: .kill) }
            } catch {
                try? execution.send(signal: .kill)
                throw error
            }
        }
        #expect(result.terminationStatus == .signaled(9))
    }
}
