import OctavoBase
import OctavoHub
import Testing

@testable import OctavoHubServer

@Suite("Pages for people")
struct PageTests {
    private static let id = LiveHub.repository
    private static let evil =
        "<script>alert(1)</script><img src=x onerror=\"alert('2')\"> & \u{202E}"

    private func page(_ hub: LiveHub, _ path: String, token: AccessToken?? = .some(nil))
        async throws
        -> (status: Int, text: String, headers: [String: String])
    {
        let answer = try await hub.send("GET", hub.server.endpoint + path, token: token)
        return (answer.status, String(decoding: answer.body, as: UTF8.self), answer.headers)
    }

    @Test("The card is shown as text, its metadata apart; nothing of it is markup")
    func card() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let card =
                "---\nlicense: mit\ntags: [\(Self.evil)]\n---\n# Tiny\n\(Self.evil)\n</pre>\n"
            let weights = [UInt8](repeating: 3, count: 1234)
            let folder = try hub.folder(
                "model",
                [
                    "README.md": Array(card.utf8), "w.safetensors": weights,
                    "sub/<b>.txt": Array("t".utf8),
                ]
            )
            _ = try await client.upload(folder: folder, to: Self.id, message: Self.evil)
            let page = try await page(hub, "/ada/tiny")
            #expect(page.status == 200)
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            let policy = try #require(page.headers["content-security-policy"])
            #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
            #expect(page.headers["x-content-type-options"] == "nosniff")
            for mark in ["<script", "<img", "\u{202E}", "onerror=\""] {
                #expect(!page.text.contains(mark), "\(mark)")
            }
            #expect(
                page.text.components(between: "<pre id=\"card\">", "</pre>").hasPrefix(
                    "# Tiny\n&lt;script&gt;"
                )
            )
            #expect(
                page.text.components(between: "<pre id=\"metadata\">", "</pre>").hasPrefix(
                    "license: mit\n"
                )
            )
            #expect(page.text.contains("sha256:\(Digest(of: weights))"))
            #expect(page.text.contains("<td class=\"size\">1234</td>"))
            let folderPage = try await self.page(hub, "/ada/tiny/tree/main/sub")
            #expect(
                folderPage.text.contains("&lt;b&gt;.txt") && folderPage.text.contains("%3Cb%3E.txt")
            )
        }
    }

    @Test("Private repositories are listed to their members alone")
    func privacy() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(.of("ada/open"))
            _ = try await hub.client().createRepository(.of("ada/hidden"), isPrivate: true)
            let stranger = try await page(hub, "/")
            #expect(stranger.status == 200)
            #expect(stranger.text.contains("ada/open") && !stranger.text.contains("hidden"))
            #expect(try await page(hub, "/ada/hidden").status == 401)
            #expect(try await page(hub, "/ada/none").status == 401)
            let owner = try await page(hub, "/", token: .none)
            #expect(
                owner.text.contains("ada/hidden")
                    && owner.text.contains("<span class=\"tag\">private</span>")
            )
            #expect(try await page(hub, "/ada/hidden", token: .none).status == 200)
        }
    }

    @Test(
        "The card of a gated repository is on its page for everybody; its files are not, README.md among them"
    )
    func gated() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            _ = try await client.upload(folder: folder, to: Self.id, message: "First")
            let settings = try await hub.send(
                "PUT",
                "\(hub.server.endpoint)/api/models/ada/tiny/settings",
                [:],
                "{\"gated\":\"manual\"}"
            )
            #expect(settings.status == 200)
            let eve = try hub.token(user: "eve", role: .read)
            for (token, status) in [(AccessToken?.none, 401), (eve, 403)] {
                let page = try await page(hub, "/ada/tiny", token: .some(token))
                #expect(page.status == 200)
                #expect(page.text.contains("<pre id=\"card\"># Tiny</pre>"))
                for file in ["README.md", "config.json", "model.safetensors"] {
                    let url = "\(hub.server.endpoint)/ada/tiny/resolve/main/\(file)"
                    for method in ["GET", "HEAD"] {
                        let answer = try await hub.send(method, url, token: .some(token))
                        #expect(answer.status == status, "\(method) \(file)")
                        #expect(answer.headers["x-error-code"] == "GatedRepo")
                    }
                }
            }
        }
    }

    @Test("A revision, a commit and a folder have pages; what is not there has none")
    func places() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            let commit = try await client.upload(folder: folder, to: Self.id, message: "First")
                .commit
            for path in [
                "/tree/main", "/tree/main/original", "/tree/\(commit)", "/commit/\(commit)",
            ] {
                #expect(try await page(hub, "/ada/tiny\(path)").status == 200, "\(path)")
            }
            for path in [
                "/tree/none", "/tree/main/none", "/tree/main/..%2F..", "/commit/none",
                "/blob/main/x", "/tree",
            ] {
                #expect(try await page(hub, "/ada/tiny\(path)").status == 404, "\(path)")
            }
            let head = try await hub.send(
                "HEAD",
                "\(hub.server.endpoint)/ada/tiny",
                token: .some(nil)
            )
            let whole = try await page(hub, "/ada/tiny")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers["content-length"] == "\(whole.text.utf8.count)")
        }
    }

    @Test(
        "A card's metadata is taken apart from its text",
        arguments: [
            ("---\na: b\n---\ntext", "a: b", "text"),
            ("---\r\na: b\r\n---\r\ntext", "a: b\r", "text"),
            ("text", nil, "text"), ("---\nno end", nil, "---\nno end"), ("---\n---", "", ""),
            ("", nil, ""),
        ] as [(String, String?, String)]
    )
    func split(_ card: String, _ header: String?, _ text: String) {
        let parts = splitCard(card)
        #expect(parts.header == header && parts.text == text)
    }
}

extension String {
    /// What stands between two marks.
    fileprivate func components(between start: String, _ end: String) -> String {
        guard let start = firstRange(of: start),
            let end = self[start.upperBound...].firstRange(of: end)
        else { return "" }
        return String(self[start.upperBound..<end.lowerBound])
    }
}
