import Foundation
import Glibc
import OctavoBase
import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Subprocess
import Testing

/// nginx in front of a hub, with the configuration that docs/hub.md gives.
@Suite(
    "Behind nginx",
    .enabled(if: Proxy.path != nil, "there is no nginx; `make test-report` installs it")
)
struct ProxyTests {
    @Test(
        "A model goes through the proxy and back, in one piece and in parts",
        arguments: [1 << 16, 1 << 30]
    )
    func roundTrip(partSize: Int) async throws {
        let port = try freePort()
        let url = "http://127.0.0.1:\(port)"
        var settings = HubSettings()
        settings.publicURL = HubSettings.PublicURL(url)
        settings.partSize = partSize
        try await withHub(settings) { hub in
            try await Proxy.run(in: hub.scratch, port: port, hub: hub.server) {
                let transport = FaultyTransport()
                let client = HubClient(
                    HubConfiguration(endpoint: try #require(WebURL(url)), token: hub.token),
                    transport: transport
                )
                let id = LiveHub.repository
                _ = try await client.createRepository(id, isPrivate: true)
                let folder = try hub.folder("model", tinyModel)
                // A revision with a slash is told from a path only if the proxy leaves it encoded.
                let branch = try Revision("dev/one")
                let report = try await client.upload(
                    folder: folder,
                    to: id,
                    revision: branch,
                    message: "First"
                )
                let target = joined(hub.scratch, "copy")
                let download = try await client.download(
                    repository: id,
                    revision: branch,
                    into: target
                )
                #expect(download.commit == report.commit)
                for (path, bytes) in tinyModel {
                    #expect(try readFile(joined(target, path)) == bytes, "\(path)")
                }
                let metadata = try await client.metadata(
                    of: try RepositoryPath("model.safetensors"),
                    in: id,
                    at: branch
                )
                #expect(metadata.size == tinyModel["model.safetensors"]?.count)
                // Nothing went past the proxy.
                #expect(transport.requests.allSatisfy { $0.url.origin.port == Int(port) })
                let parts = transport.requests.count { $0.url.target.contains("permission=part") }
                #expect(parts == (partSize == 1 << 16 ? 5 : 0))
            }
        }
    }

    /// A port that nobody has: not one of those that the system gives to whoever asks for any, since another test may get
    /// it before nginx does.
    private func freePort() throws -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000..<32_000)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            address.sin_port = port.bigEndian
            let isFree = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isFree { return port }
        }
        throw FileError("bind", "127.0.0.1")
    }
}

/// An nginx of a test's own.
enum Proxy {
    /// Where nginx is, or nil if there is none; Debian has it where not everybody looks.
    static let path: String? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return (folders.map(String.init) + ["/usr/sbin"]).map { "\($0)/nginx" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// What docs/hub.md has in its `server` block, for the ports of a hub.
    private static func locations(_ hub: HubServer) throws -> String {
        let guide = try String(contentsOfFile: packageRoot + "/docs/hub.md", encoding: .utf8)
        let start = try #require(guide.range(of: "    client_max_body_size"))
        let end = try #require(guide.range(of: "\n}\n", range: start.upperBound..<guide.endIndex))
        return String(guide[start.lowerBound..<end.lowerBound])
            .replacing("http://127.0.0.1:8080", with: hub.endpoint)
            .replacing("http://127.0.0.1:8081", with: hub.contentEndpoint)
    }

    /// Runs a body while nginx passes on what comes to a port.
    static func run(
        in folder: String,
        port: UInt16,
        hub: HubServer,
        _ body: () async throws -> Void
    ) async throws {
        let home = joined(folder, "nginx")
        try makeDirectory(home)
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(home)/\($0);"
        }
        let configuration = """
            daemon off; master_process off; pid \(home)/pid; error_log \(home)/error.log;
            events {}
            http {
              access_log off;
              \(temporary.joined(separator: "\n  "))
              server {
                listen 127.0.0.1:\(port);
            \(try locations(hub))
              }
            }
            """
        let file = joined(home, "nginx.conf")
        try AtomicFile.write(configuration, to: file)
        _ = try await Subprocess.run(
            .name("sh"),
            arguments: [
                "-c", "exec \"$@\"", "sh", try #require(path), "-c", file, "-e",
                "\(home)/error.log", "-p", home,
            ],
            input: .none,
            output: .discarded,
            error: .discarded
        ) { execution in
            defer { try? execution.send(signal: .kill) }
            try await waitUntilServing(port, joined(home, "error.log"))
            try await body()
        }
    }

    private static func waitUntilServing(_ port: UInt16, _ log: String) async throws {
        for _ in 0..<2400 {
            if (try? await raw("http://127.0.0.1:\(port)", "GET / HTTP/1.0\r\n\r\n")) != nil {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        let words = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        Issue.record("nginx does not answer: \(words)")
    }
}
