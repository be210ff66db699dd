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
    /// no token is taken. A missing token file is no error.
    public init(environment: [String: String]) throws {
        func value(_ name: String) -> String? {
            environment[name].map { $0.trimmingWhitespace() }.flatMap { $0.isEmpty ? nil : $0 }
        }
        var text = value("HF_ENDPOINT") ?? Self.defaultEndpoint
        while text.hasSuffix("/") { text.removeLast() }
        guard let endpoint = WebURL(text), !text.contains("?") else {
            throw HubError.invalidEndpoint(text)
        }
        let home = environment["HOME"] ?? ""
        func path(_ text: String) -> String {
            text == "~" || text.hasPrefix("~/") ? home + text.dropFirst() : text
        }
        let hubHome =
            value("HF_HOME").map(path)
            ?? joined(value("XDG_CACHE_HOME").map(path) ?? joined(home, ".cache"), "huggingface")
        self.endpoint = endpoint
        cacheDirectory = value("HF_HUB_CACHE").map(path) ?? joined(hubHome, "hub")
        token = nil
        let isSilent = ["1", "true", "yes", "on"].contains(
            value("HF_HUB_DISABLE_IMPLICIT_TOKEN")?.lowercased() ?? ""
        )
        guard !isSilent else { return }
        if let text = value("HF_TOKEN") ?? value("HUGGING_FACE_HUB_TOKEN") {
            guard let given = AccessToken(text) else {
                throw HubError.malformedToken("the environment")
            }
            token = given
            return
        }
        let file = value("HF_TOKEN_PATH").map(path) ?? joined(hubHome, "token")
        guard fileKind(file) == .file else { return }
        let bytes = try readFile(file, limit: 1 << 16)
        let content = String(decoding: bytes, as: UTF8.self)
        guard !content.trimmingWhitespace().isEmpty else { return }
        guard let kept = AccessToken(content) else { throw HubError.malformedToken(file) }
        token = kept
    }
}
