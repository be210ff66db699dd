internal import FlyingFox
internal import FlyingSocks
internal import Glibc
internal import OctavoBase

/// A hub of one's own: the part of the Hugging Face protocol that publishing and downloading models
/// needs, over a directory of plain files.
///
/// It listens on 127.0.0.1 only, on two ports: one for the API, one for the contents of large files.
/// One server at a time has a directory.
public final class HubServer: Sendable {
    /// Why a server does not start.
    public enum StartError: Error, Hashable, Sendable, CustomStringConvertible {
        /// Another server has the directory.
        case inUse(root: String)
        /// The port cannot be had.
        case cannotListen(port: UInt16, reason: String)

        /// As a sentence.
        public var description: String {
            switch self {
            case .inUse(let root): "another hub is serving \(root)"
            case .cannotListen(let port, let reason):
                "cannot listen on 127.0.0.1:\(port): \(reason)"
            }
        }
    }

    /// A secret of the hub's directory that cannot be used.
    public struct SecretError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The file.
        public let path: String
        /// What is wrong with it.
        public let problem: String

        /// As a sentence.
        public var description: String {
            "\(path) is no secret to sign with: \(problem); remove it to have a new one made"
        }
    }

    /// Where the API answers: what `HF_ENDPOINT` is to be set to.
    public let endpoint: String
    /// Where the contents of large files come and go.
    public let contentEndpoint: String

    private let api: Listener
    private let content: Listener
    private let lock: DirectoryLock

    private init(api: Listener, content: Listener, lock: DirectoryLock) {
        self.api = api
        self.content = content
        self.lock = lock
        endpoint = Self.local(api.port)
        contentEndpoint = Self.local(content.port)
    }

    private static func local(_ port: UInt16) -> String { "http://127.0.0.1:\(port)" }

    /// Serves a directory, which is made if it is not there.
    ///
    /// - Parameters:
    ///   - root: The directory.
    ///   - port: The port of the API; 0 takes a free one.
    ///   - contentPort: The port for contents; 0 takes a free one.
    ///   - settings: Limits, and where clients find the hub.
    /// - Returns: The server, listening.
    /// - Throws: `StartError`; `SecretError`; `FileError` from the disk.
    public static func start(
        root: String,
        port: UInt16 = 0,
        contentPort: UInt16 = 0,
        settings: HubSettings = HubSettings()
    ) async throws -> HubServer {
        try makePrivateDirectory(root)
        let lock = try lock(root)
        let store = HubStore(root: root)
        try store.clean()
        let presigner = try Presigner(root: root)
        let contentService = ContentService(
            store: store,
            presigner: presigner,
            limits: settings.limits,
            refusesTokens: settings.keepsContentsApart
        )
        let limiter = RateLimiter(settings.limits)
        let content = try await Listener.start(port: contentPort) {
            try await contentService.answer($0)
        }
        do {
            // The service tells its own URL to clients, so the port comes first.
            let address = Address()
            let contentEndpoint = local(content.port)
            let api = try await Listener.start(port: port) { request in
                let addresses = settings.addresses(
                    for: request,
                    local: HubAddresses(
                        endpoint: local(address.port),
                        contentEndpoint: contentEndpoint
                    )
                )
                let service = HubService(
                    store: store,
                    tokens: HubTokens(root: root),
                    presigner: presigner,
                    settings: settings,
                    limiter: limiter,
                    endpoint: addresses.endpoint,
                    contentEndpoint: addresses.contentEndpoint
                )
                return try await service.answer(request)
            }
            address.set(api.port)
            return HubServer(api: api, content: content, lock: lock)
        } catch {
            await content.stop()
            throw error
        }
    }

    /// Takes a hub's directory for this process.
    static func lock(_ root: String) throws -> DirectoryLock {
        do { return try DirectoryLock(root) } catch {
            throw error.isHeldElsewhere ? StartError.inUse(root: root) : error
        }
    }

    /// Stops listening and gives the directory free.
    ///
    /// What was answered is on disk.
    public func stop() async {
        await api.stop()
        await content.stop()
        lock.release()
    }
}
