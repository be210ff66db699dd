import OctavoBase
import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Testing

/// A server of a directory of its own, and those who use it.
struct LiveHub: Sendable {
    /// What the server keeps.
    let root: String
    /// A directory for the test's own files.
    let scratch: String
    let server: HubServer
    /// The token of the user `ada`, who may write.
    let token: AccessToken

    static let repository = RepositoryID.of("ada/tiny")

    /// A client with ada's token, or with another or none.
    func client(
        token: AccessToken?? = nil,
        transport: (any HTTPTransport)? = nil,
        cache: String = "",
        limits: TransferLimits = TransferLimits()
    ) throws -> HubClient {
        let endpoint = try #require(WebURL(server.endpoint))
        return HubClient(
            HubConfiguration(
                endpoint: endpoint,
                token: token ?? self.token,
                cacheDirectory: cache
            ),
            transport: transport,
            retry: RetryPolicy(pause: { _ in }),
            limits: limits
        )
    }

    /// A new token.
    func token(user: String, role: HubTokens.Role) throws -> AccessToken {
        try #require(AccessToken(try HubTokens(root: root).create(user: user, role: role).secret))
    }

    /// Writes files below the scratch directory and returns their folder.
    func folder(_ name: String, _ files: [String: [UInt8]]) throws -> String {
        let folder = joined(scratch, name)
        for (path, bytes) in files {
            let file = joined(folder, path)
            try makeDirectory(parent(of: file))
            try AtomicFile.write(bytes, to: file)
        }
        return folder
    }

    /// Where the server keeps an LFS object.
    func objectFile(_ contents: [UInt8]) -> String {
        let hex = Digest(of: contents).hex
        return joined(root, "objects/\(hex.prefix(2))/\(hex)")
    }
}

/// Runs a test's body against a hub that is stopped afterwards.
func withHub<R>(
    _ settings: HubSettings = HubSettings(),
    _ body: (LiveHub) async throws -> R
) async throws -> R {
    try await withTemporaryDirectory { directory in
        let root = joined(directory, "hub")
        try makeDirectory(joined(directory, "scratch"))
        let secret = try HubTokens(root: root).create(user: "ada", role: .write).secret
        let server = try await HubServer.start(root: root, settings: settings)
        let hub = LiveHub(
            root: root,
            scratch: joined(directory, "scratch"),
            server: server,
            token: try #require(AccessToken(secret))
        )
        do {
            let result = try await body(hub)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }
}

extension RepositoryID {
    /// A name that the test knows to be right.
    static func of(_ text: String) -> RepositoryID {
        guard let id = try? RepositoryID(text) else {
            preconditionFailure("\(text) is no repository")
        }
        return id
    }
}

/// The files of a small model: text, a nested file, an empty one, and weights that go to LFS.
let tinyModel: [String: [UInt8]] = [
    "README.md": Array("---\nlicense: mit\n---\n# Tiny\n".utf8),
    "config.json": Array("{\"hidden_size\": 8}\n".utf8),
    "original/params.json": Array("{}".utf8),
    "empty.txt": [],
    "model.safetensors": (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) },
]
