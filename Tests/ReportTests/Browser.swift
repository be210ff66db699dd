import Foundation
import OctavoBase
import OctavoTestSupport
import Subprocess
import Testing

/// A headless Chromium that tests speak to in its DevTools protocol, over a pipe.
final class Browser {
    private typealias Messages = SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator

    private let input: StandardInputWriter
    private var messages: Messages
    private var lastID = 0
    private var session: String?
    /// What the page's events were called, in order, each with its parameters.
    private(set) var events: [(method: String, parameters: JSON)] = []

    /// Where a browser is, or nil if there is none.
    static let path: String? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.lazy.flatMap { folder in
            ["chromium", "chromium-headless-shell", "google-chrome"].map { "\(folder)/\($0)" }
        }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    private init(_ input: StandardInputWriter, _ output: SubprocessOutputSequence) {
        self.input = input
        messages = output.strings(
            separatedBy: .unicodeScalarSequence(["\0"]),
            bufferingPolicy: .unbounded
        ).makeAsyncIterator()
    }

    /// Runs a body with a browser of its own that has one empty page open.
    ///
    /// The browser reads its descriptor 3 and writes its descriptor 4. It runs without its sandbox,
    /// which root cannot have: it sees no page but those that the tests make.
    static func run(_ body: (Browser) async throws -> Void) async throws {
        let browser = try #require(path)
        try await withTemporaryDirectory { home in
            _ = try await Subprocess.run(
                .name("sh"),
                arguments: [
                    "-c", "exec \"$@\" 3<&0 4>&1 >/dev/null 2>&1", "sh", browser,
                    "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
                    "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update",
                    "--user-data-dir=" + home, "about:blank",
                ],
                input: .inputWriter,
                output: .sequence,
                error: .discarded
            ) { execution in
                let browser = Browser(execution.standardInputWriter, execution.standardOutput)
                defer { try? execution.send(signal: .kill) }
                try await browser.openPage()
                try await body(browser)
            }
        }
    }

    private func openPage() async throws {
        let target = try await call("Target.createTarget", ["url": "about:blank"])
        let attached = try await call(
            "Target.attachToTarget",
            ["targetId": target["targetId"], "flatten": true]
        )
        session = try #require(attached["sessionId"]?.string)
        for domain in ["Page", "Runtime", "Log", "Network"] { try await call(domain + ".enable") }
    }

    /// Opens an address in a window of a width, for a reader who has it dark or light, and waits until
    /// it is there.
    func open(_ address: String, width: Int, dark: Bool) async throws {
        try await call(
            "Emulation.setDeviceMetricsOverride",
            ["width": .integer(width), "height": 900, "deviceScaleFactor": 1, "mobile": false]
        )
        let scheme: JSON = .object([
            "name": "prefers-color-scheme", "value": dark ? "dark" : "light",
        ])
        try await call("Emulation.setEmulatedMedia", ["features": .array([scheme])])
        events = []
        try await call("Page.navigate", ["url": .string(address)])
        while !events.contains(where: { $0.method == "Page.loadEventFired" }) {
            try await receive()
        }
    }

    /// The value of a JavaScript expression that gives plain data, or a promise of it.
    func evaluate(_ expression: String) async throws -> JSON {
        let reply = try await call(
            "Runtime.evaluate",
            ["expression": .string(expression), "returnByValue": true, "awaitPromise": true]
        )
        try #require(reply["exceptionDetails"] == nil, "\(reply)")
        return reply["result"]?["value"] ?? .null
    }

    /// The page as it looks from top to bottom, as a PNG file in base 64.
    func screenshot() async throws -> String {
        let reply = try await call(
            "Page.captureScreenshot",
            ["format": "png", "captureBeyondViewport": true]
        )
        return try #require(reply["data"]?.string)
    }

    /// The page as it prints, as a PDF file in base 64.
    func print() async throws -> String {
        let reply = try await call("Page.printToPDF", ["printBackground": true])
        return try #require(reply["data"]?.string)
    }

    @discardableResult
    private func call(
        _ method: String,
        _ parameters: KeyValuePairs<String, JSON?> = [:]
    ) async throws -> JSON {
        lastID += 1
        let id = JSON.integer(lastID)
        let message = JSON.object([
            "id": id, "method": .string(method), "params": .object(parameters),
            "sessionId": session.map(JSON.string),
        ])
        _ = try await input.write(Array(message.text(.compact).utf8) + [0])
        while true {
            guard let reply = try await receive(), reply["id"] == id else { continue }
            try #require(reply["error"] == nil, "\(method): \(reply)")
            return reply["result"] ?? .null
        }
    }

    /// Takes a message: an event is kept, a reply returned.
    @discardableResult
    private func receive() async throws -> JSON? {
        let message = try JSON(parsing: Array(try #require(try await messages.next()).utf8))
        guard let method = message["method"]?.string else { return message }
        events.append((method, message["params"] ?? .null))
        return nil
    }
}
