private import OctavoBase

/// Which hub to speak to, as whom, and where its files are kept.
public struct HubConfiguration: Sendable {
    /// The hub that is meant when none is named.
    public static let defaultEndpoint = "https://huggingface.co"

    /// Where the hub answers.
    public var endpoint: WebURL
    /// The token to show it, if there is one.
    public var token: AccessToken?
    /// Where downloaded repositories are kept.
    public var cacheDirectory: String
    /// What the hub's certificate is checked against.
    public var certificates = CertificatePlaces()

    /// Names a hub.
    public init(endpoint: WebURL, token: AccessToken? = nil, cacheDirectory: String = "") {
        self.endpoint = endpoint
        self.token = token
        self.cacheDirectory = cacheDirectory
    }

    /// Reads the variables that `huggingface_hub` reads, and the token file they lead to.
    ///
    /// `HF_ENDPOINT`; `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, then the file `HF_TOKEN_PATH` or
    /// `HF_HOME/token`; `HF_HUB_CACHE`, else `HF_HOME/hub`; `HF_HOME`, else
    /// `XDG_CACHE_HOME/huggingface`, else `~/.cache/huggingface`. With `HF_HUB_DISABLE_IMPLICIT_TOKEN`
    /// no token is taken. A missing token file is no error. Certificates are those of `CURL_CA_BUNDLE`,
    /// `REQUESTS_CA_BUNDLE` or `SSL_CERT_FILE`, and of `SSL_CERT_DIR`; else the system's.
    ///
    /// - Parameters:
    ///   - environment: The variables.
    ///   - tokenName: Which token of `HF_HOME/stored_tokens` to take, instead of all those.
    /// - Throws: `HubError` for an endpoint or a token that cannot be used; `FileError`.
    public init(environment: [String: String], tokenName: String? = nil) throws {
        let variables = Variables(environment)
        var text = variables["HF_ENDPOINT"] ?? Self.defaultEndpoint
        while text.hasSuffix("/") { text.removeLast() }
        guard let endpoint = WebURL(text), !text.contains("?") else {
            throw HubError.invalidEndpoint(text)
        }
        self.endpoint = endpoint
        let home = variables.hubHome
        cacheDirectory = variables.path("HF_HUB_CACHE") ?? joined(home, "hub")
        certificates = CertificatePlaces(
            file: ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"].lazy
                .compactMap { variables.path($0) }.first,
            directory: variables.path("SSL_CERT_DIR")
        )
        if let tokenName {
            token = try AccessToken(named: tokenName, in: joined(home, "stored_tokens"))
        } else {
            token = try variables.token(hubHome: home)
        }
    }
}

/// The variables of an environment that have a value.
private struct Variables {
    private let environment: [String: String]

    init(_ environment: [String: String]) { self.environment = environment }

    /// The value without the white space around it; nil if nothing is left.
    subscript(name: String) -> String? {
        environment[name].map { $0.trimmingWhitespace() }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private var home: String { environment["HOME"] ?? "" }

    /// A path, `~` resolved.
    func path(_ name: String) -> String? {
        self[name].map { $0 == "~" || $0.hasPrefix("~/") ? home + $0.dropFirst() : $0 }
    }

    /// The directory of everything that belongs to hubs.
    var hubHome: String {
        path("HF_HOME")
            ?? joined(path("XDG_CACHE_HOME") ?? joined(home, ".cache"), "huggingface")
    }

    /// The token that is meant without being named.
    func token(hubHome: String) throws -> AccessToken? {
        let isSilent = ["1", "true", "yes", "on"].contains(
            self["HF_HUB_DISABLE_IMPLICIT_TOKEN"]?.lowercased() ?? ""
        )
        guard !isSilent else { return nil }
        if let text = self["HF_TOKEN"] ?? self["HUGGING_FACE_HUB_TOKEN"] {
            guard let given = AccessToken(text) else {
                throw HubError.malformedToken("the environment")
            }
            return given
        }
        let file = path("HF_TOKEN_PATH") ?? joined(hubHome, "token")
        guard fileKind(file) == .file else { return nil }
        let content = String(decoding: try readFile(file, limit: 1 << 16), as: UTF8.self)
        guard !content.trimmingWhitespace().isEmpty else { return nil }
        guard let kept = AccessToken(content) else { throw HubError.malformedToken(file) }
        return kept
    }
}
