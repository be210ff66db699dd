import OctavoHub
import Testing

@Suite("URLs and their quoting")
struct WebURLTests {
    @Test(
        "A URL falls into its parts",
        arguments: [
            ("https://huggingface.co", "https://huggingface.co", "/"),
            ("HTTP://LocalHost:8080/a?b=c#d", "http://localhost:8080", "/a?b=c"),
            ("http://[::1]:80/x", "http://[::1]", "/x"),
            ("https://h?q", "https://h", "/?q"),
            ("https://h:443/a%2Fb", "https://h", "/a%2Fb"),
        ]
    )
    func parts(_ text: String, _ origin: String, _ target: String) throws {
        let url = try #require(WebURL(text))
        #expect(url.origin.description == origin)
        #expect(url.target == target)
    }

    @Test(
        "What is no plain http URL is refused",
        arguments: [
            "", "huggingface.co", "file:///etc/passwd", "ftp://h/", "https://",
            "https://user:pw@h/", "https://h:0/",
            "https://h:65536/", "https://h:x/", "https://a b/", "https://h/\r\nX: y",
            "https://::1/", "https:\\\\h",
        ]
    )
    func refused(_ text: String) {
        #expect(WebURL(text) == nil)
    }

    @Test(
        "Where a redirect leads",
        arguments: [
            ("/b", "https://h:8443/b"), ("//other/b", "https://other/b"),
            ("http://x/", "http://x/"), ("HTTPS://x", "https://x/"), ("c", "https://h:8443/c"),
            ("./c?q", "https://h:8443/c?q"), ("../../c/./d/", "https://h:8443/c/d/"),
            ("?q=/../x", "https://h:8443/a?q=/../x"), ("", "https://h:8443/a"),
            ("#f", "https://h:8443/a"), ("/b/../c/..", "https://h:8443/"),
            ("b:c", nil), ("c d", nil), ("c\r\nX: y", nil), ("/\u{301}", nil),
        ] as [(String, String?)]
    )
    func redirects(_ location: String, _ result: String?) throws {
        #expect(try #require(WebURL("https://h:8443/a")).resolving(location)?.description == result)
    }

    @Test("A reference is relative to the folder of the path, as RFC 3986 has it")
    func relative() throws {
        // From its section 5.4, with the base http://a/b/c/d;p?q.
        let base = try #require(WebURL("http://a/b/c/d;p?q"))
        let cases = [
            "g": "/b/c/g", "./g": "/b/c/g", "g/": "/b/c/g/", "/g": "/g", "?y": "/b/c/d;p?y",
            "g?y": "/b/c/g?y", "g;x=1/./y": "/b/c/g;x=1/y", "g;x=1/../y": "/b/c/y",
            "": "/b/c/d;p?q",
            ".": "/b/c/", "..": "/b/", "../g": "/b/g", "../..": "/", "../../g": "/g",
            "../../../g": "/g", "g.": "/b/c/g.", "..g": "/b/c/..g", "g?y/../x": "/b/c/g?y/../x",
            "g#s": "/b/c/g",
        ]
        for (reference, target) in cases {
            #expect(base.resolving(reference)?.target == target, "\(reference)")
        }
    }

    @Test(
        "Only this machine is loopback",
        arguments: [
            ("http://127.0.0.1", true), ("http://127.1.2.3:99", true), ("http://localhost", true),
            ("http://[::1]", true), ("http://127.0.0.1.evil.example", false),
            ("http://localhost.evil.example", false),
            ("http://10.0.0.1", false), ("http://127.1", false), ("http://127.0.0.256", false),
            ("http://127.0.0.0.1", false), ("http://127.0..1", false), ("http://127.0.0.", false),
        ]
    )
    func loopback(_ text: String, _ isLoopback: Bool) throws {
        #expect(try #require(WebURL(text)).origin.isLoopback == isLoopback)
    }

    @Test(
        "Quoting a revision whole and a path by its parts",
        arguments: [
            ("refs/pr/1", "", "refs%2Fpr%2F1"), ("a b/ü", "/", "a%20b/%C3%BC"),
            ("100%", "", "100%25"),
            ("x-._~", "", "x-._~"), ("a+b&c", "", "a%2Bb%26c"),
        ]
    )
    func quoting(_ text: String, _ keeping: String, _ quoted: String) {
        #expect(percentEncoded(text, keeping: keeping) == quoted)
        #expect(percentDecoded(quoted) == text)
    }

    @Test("Bad quoting is refused", arguments: ["%", "%2", "%zz", "%C3", "a%-1"])
    func badQuoting(_ text: String) {
        #expect(percentDecoded(text) == nil)
    }
}
