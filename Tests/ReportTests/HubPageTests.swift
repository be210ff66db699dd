import OctavoBase
import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Testing

/// A hub's pages as people see them, with a card and names that mean no good.
@Suite(
    "A hub's pages in a browser",
    .enabled(if: Browser.path != nil, "there is no chromium; `make test-report` installs it"),
    // A browser that hangs should not hold up everything else.
    .timeLimit(.minutes(10)),
    .serialized
)
struct HubPageTests {
    private static let evil = """
        <script>document.title = "taken"; console.log("script")</script>
        <img src="/api/stolen" onerror="document.title = 'taken'; console.log('image')">
        <svg onload="console.log('svg')"></svg><iframe src="javascript:console.log('frame')"></iframe>
        </pre></body><style>* { display: none }</style>
        """

    /// A hub with one model whose card and file names are hostile.
    private func withHub(_ body: (HubServer) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let root = joined(directory, "hub")
            let secret = try HubTokens(root: root).create(user: "ada", role: .write).secret
            let server = try await HubServer.start(root: root)
            let client = HubClient(
                HubConfiguration(
                    endpoint: try #require(WebURL(server.endpoint)),
                    token: AccessToken(secret)
                )
            )
            let id = try RepositoryID("ada/tiny")
            _ = try await client.createRepository(id)
            let card = "---\nlicense: \(Self.evil)\n---\n# Tiny\n\(Self.evil)\nThe end"
            _ = try await client.commit(
                [
                    .file(path: "README.md", contents: Array(card.utf8)),
                    .file(path: "<img src=x onerror=console.log(1)>.txt", contents: []),
                    .file(path: "sub/javascript:console.log(2)", contents: []),
                ],
                to: id,
                branch: .main,
                parent: try await client.information(id).commit,
                message: Self.evil
            )
            do {
                try await body(server)
            } catch {
                await server.stop()
                throw error
            }
            await server.stop()
        }
    }

    @Test("no script of a card or a name runs, and the text of it is read")
    func scripts() async throws {
        try await withHub { server in
            try await Browser.run { browser in
                for (path, title) in [
                    ("/", "Models"), ("/ada/tiny", "ada/tiny"),
                    ("/ada/tiny/tree/main/sub", "ada/tiny"),
                ] {
                    for (width, dark) in [(1280, false), (360, true)] {
                        try await browser.open(server.endpoint + path, width: width, dark: dark)
                        #expect(try await browser.evaluate("document.title") == .string(title))
                        let elements = try await browser.evaluate(
                            "document.querySelectorAll('script, img, svg, iframe, object').length"
                        )
                        #expect(elements == 0, "\(path)")
                        let overflow = try await browser.evaluate(
                            "document.documentElement.scrollWidth > innerWidth"
                        )
                        #expect(overflow == false, "\(path) at \(width)")
                        // The style passed the page's own policy.
                        let margin = try await browser.evaluate(
                            "getComputedStyle(document.body).padding"
                        )
                        #expect(margin == "16px", "\(path)")
                        let methods = browser.events.map(\.method)
                        #expect(!methods.contains("Runtime.consoleAPICalled"), "\(path)")
                        // The page itself, and a picture for its tab, which the browser asks for unasked.
                        let requests = browser.events.filter {
                            $0.method == "Network.requestWillBeSent"
                        }.compactMap { $0.parameters["request"]?["url"]?.string }
                        let others = requests.filter {
                            $0 != server.endpoint + path && !$0.hasSuffix("/favicon.ico")
                        }
                        #expect(others == [], "\(path)")
                    }
                }
                try await browser.open(server.endpoint + "/ada/tiny", width: 1280, dark: false)
                let text = try await browser.evaluate("document.getElementById('card').innerText")
                #expect(text == .string("# Tiny\n\(Self.evil)\nThe end"))
            }
        }
    }

    @Test("a script on a page like these would not be allowed to run")
    func policy() async throws {
        try await withHub { server in
            try await Browser.run { browser in
                try await browser.open(server.endpoint + "/ada/tiny", width: 1280, dark: false)
                // What the escaping missed, had it missed something.
                _ = try await browser.evaluate(
                    """
                    (() => { const script = document.createElement("script");
                    script.textContent = "window.taken = true"; document.body.append(script);
                    const image = document.createElement("img"); image.setAttribute("onerror", "window.taken = true");
                    image.src = "/none"; document.body.append(image); })()
                    """
                )
                let taken = try await browser.evaluate(
                    "new Promise(done => setTimeout(() => done(window.taken === true), 500))"
                )
                #expect(taken == false)
            }
        }
    }
}
