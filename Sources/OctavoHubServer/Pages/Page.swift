internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

/// A page for people: it has no script, loads nothing, and says so to the browser.
struct Page {
    let title: String
    /// What leads back to the list of repositories.
    let home: String
    let body: HTML

    private static let style = """
        :root { color-scheme: light dark; --line: #8884; --link: light-dark(#0b57d0, #8ab4f8); }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
        a { color: var(--link); text-decoration: none; }
        a:hover { text-decoration: underline; }
        h1, p { overflow-wrap: anywhere; }
        h1 { font-size: 1.5rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: 0.3rem 0.8rem 0.3rem 0; border-bottom: 1px solid var(--line); }
        td.size { text-align: right; white-space: nowrap; }
        td.digest { font: 0.8rem monospace; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line);
          border-radius: 0.4rem; padding: 0.8rem; font-size: 0.9rem; }
        .tag { border: 1px solid var(--line); border-radius: 1rem; padding: 0 0.6rem; font-size: 0.8rem; }
        """

    /// What a browser may do with a page: show it in this style, and nothing else.
    private static let policy: String = {
        let hash = base64(Digest(of: "\n" + style + "\n").bytes)
        return "default-src 'none'; style-src 'sha256-\(hash)'; form-action 'none'; "
            + "base-uri 'none'; frame-ancestors 'none'"
    }()

    private var html: HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title)</title>
        <style>
        \(HTML(stringLiteral: Self.style))
        </style>
        </head>
        <body>
        <nav><a href="\(home)">All models</a></nav>
        <h1>\(title)</h1>
        \(body)
        </body>
        </html>
        """
    }

    /// The answer that shows it; to a HEAD request, only the headers.
    func response(to request: HTTPRequest) -> HTTPResponse {
        let bytes = Array(html.markup.utf8)
        var headers = [
            "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": Self.policy,
            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
            // What a private repository holds is for nobody's cache.
            "Cache-Control": "no-store",
        ]
        guard request.method == .HEAD else { return .reply(200, headers, bytes) }
        headers["Content-Length"] = String(bytes.count)
        return .reply(200, headers)
    }
}
