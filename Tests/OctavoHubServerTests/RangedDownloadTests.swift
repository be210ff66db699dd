import OctavoBase
@testable import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Testing

@Suite("Large files, in several ranges at a time")
struct RangedDownloadTests {
    private static let id = LiveHub.repository
    private static let name = "model.safetensors"

    /// Runs a test's body with a hub that holds 300 000 bytes, and a client that fetches ranges of 40 000.
    private func withModel(
        _ fault: FaultyTransport.Fault? = nil,
        _ body: (LiveHub, HubClient, FaultyTransport, _ weights: [UInt8]) async throws -> Void
    ) async throws {
        try await withHub { hub in
            let pusher = try hub.client()
            _ = try await pusher.createRepository(Self.id)
            _ = try await pusher.upload(
                folder: try hub.folder("model", tinyModel),
                to: Self.id,
                message: "First"
            )
            let transport = FaultyTransport(fault)
            var limits = TransferLimits()
            limits.rangeSize = 40_000
            let client = try hub.client(transport: transport, limits: limits)
            try await body(hub, client, transport, try #require(tinyModel[Self.name]))
        }
    }

    private func fetch(_ client: HubClient, _ target: String) async throws -> DownloadReport {
        try await client.download(
            repository: Self.id,
            into: target,
            isWanted: { $0.description == Self.name }
        )
    }

    @Test("Every byte comes once, in ranges, and nothing else is left")
    func ranges() async throws {
        try await withModel { hub, client, transport, weights in
            let target = joined(hub.scratch, "copy")
            let report = try await fetch(client, target)
            #expect(try readFile(joined(target, Self.name)) == weights)
            #expect(report.receivedBytes == 300_000)
            let asked = transport.requests.compactMap { request in
                request.url.description.hasPrefix(hub.server.contentEndpoint)
                    ? request.headers.first { $0.name == "Range" }?.value : nil
            }
            #expect(
                Set(asked)
                    == Set(
                        stride(from: 0, to: 300_000, by: 40_000).map {
                            "bytes=\($0)-\(min($0 + 40_000, 300_000) - 1)"
                        }
                    )
            )
            #expect(try filesBelow(target) == [Self.name])
        }
    }

    @Test("A range that breaks off goes on where it was")
    func broken() async throws {
        try await withModel(.cutBody(after: 10_000)) { hub, client, transport, weights in
            let target = joined(hub.scratch, "copy")
            let report = try await fetch(client, target)
            #expect(report.receivedBytes == 300_000)
            let copy = try readFile(joined(target, Self.name))
            #expect(copy == weights)
            // The second half of a range that was cut begins at no multiple of a range.
            let starts = transport.requests.compactMap { request in
                request.headers.first { $0.name == "Range" }.flatMap {
                    Int($0.value.dropFirst(6).prefix { $0 != "-" })
                }
            }
            #expect(starts.contains { $0 % 40_000 == 10_000 })
        }
    }

    /// The partial file of the model as an earlier run leaves it, with the ranges that are whole.
    private func leave(_ bytes: [UInt8], _ whole: String, in target: String, _ weights: [UInt8])
        throws -> String
    {
        let name = Digest(of: Self.name).hex.prefix(16)
        let partial = joined(
            target,
            ".cache/octavo/\(name).\(Digest(of: weights)).incomplete.in-ranges"
        )
        try makeDirectory(parent(of: partial))
        try AtomicFile.write(bytes, to: partial)
        try AtomicFile.write(
            "{\"size\":300000,\"range_size\":40000,\"whole\":[\(whole)]}",
            to: partial + ".ranges"
        )
        return partial
    }

    @Test("Ranges of an earlier run are kept, and found out if they are wrong")
    func resumed() async throws {
        try await withModel { hub, client, _, weights in
            let target = joined(hub.scratch, "right")
            var kept = [UInt8](repeating: 0, count: 300_000)
            for range in [0..<40_000, 240_000..<280_000] {
                kept.replaceSubrange(range, with: weights[range])
            }
            _ = try leave(kept, "0,6,6,-1,99", in: target, weights)
            #expect(try await fetch(client, target).receivedBytes == 220_000)
            #expect(try readFile(joined(target, Self.name)) == weights)

            let wrong = joined(hub.scratch, "wrong")
            let partial = try leave(kept, "0,1", in: wrong, weights)
            await #expect {
                _ = try await fetch(client, wrong)
            } throws: { error in
                if case HubError.wrongDigest = error { true } else { false }
            }
            #expect(fileKind(partial) == nil && fileKind(partial + ".ranges") == nil)
            #expect(try await fetch(client, wrong).receivedBytes == 300_000)
        }
    }

    @Test("What is left of another cut, or is no list, is not believed")
    func otherCut() async throws {
        try await withModel { hub, client, _, weights in
            let target = joined(hub.scratch, "copy")
            let zeros = [UInt8](repeating: 0, count: 300_000)
            for list in [
                "{\"size\":300000,\"range_size\":30000,\"whole\":[0]}",
                "{\"size\":1,\"range_size\":40000,\"whole\":[0]}", "[", "",
            ] {
                let partial = try leave(zeros, "0", in: target, weights)
                try AtomicFile.write(list, to: partial + ".ranges")
                #expect(try await fetch(client, target).receivedBytes == 300_000)
                try removeAll(target)
            }
            // Shorter than it should be: the list belongs to something else.
            _ = try leave(Array(zeros.prefix(9)), "0", in: target, weights)
            #expect(try await fetch(client, target).receivedBytes == 300_000)
        }
    }
}
