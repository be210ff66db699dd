import Foundation
import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

/// Reports as readers see them: opened in a real browser, measured and photographed.
///
/// `OCTAVO_SCREENSHOTS` names a folder in which to keep the photographs.
@Suite(
    "The report in a browser",
    .enabled(if: Browser.path != nil, "there is no chromium; `make test-report` installs it"),
    // A browser that hangs should not hold up everything else.
    .timeLimit(.minutes(10)),
    .serialized
)
struct BrowserTests {
    @Test(
        "everything shows, fits and is drawn, in light and dark, wide and narrow",
        arguments: ReportFixture.allCases
    )
    func shows(fixture: ReportFixture) async throws {
        let report = fixture.report
        try await withTemporaryDirectory { folder in
            let file = joined(folder, "x.report.html")
            try AtomicFile.write(report.html, to: file)
            try await Browser.run { browser in
                for (width, dark) in [(1280, false), (1280, true), (360, false), (360, true)] {
                    try await browser.open("file://" + file, width: width, dark: dark)
                    let layout = try await browser.evaluate(measurements)
                    let photograph = try await browser.screenshot()
                    let context = "\(fixture), \(width) pixels\(dark ? ", dark" : "")"
                    try keep(photograph, "\(fixture)-\(width)\(dark ? "-dark" : "").png")
                    check(browser.events, context)
                    check(layout, report, context)
                    try await checkPixels(browser, photograph, layout, dark: dark, context)
                }
            }
        }
    }

    @Test(
        "a tuning's curves show, fit and are drawn, in light and dark, wide and narrow",
        arguments: TuningFixture.allCases
    )
    func showsTuning(fixture: TuningFixture) async throws {
        let report = fixture.report
        try await withTemporaryDirectory { folder in
            let file = joined(folder, "x.report.html")
            try AtomicFile.write(report.html, to: file)
            try await Browser.run { browser in
                for (width, dark) in [(1280, false), (1280, true), (360, false), (360, true)] {
                    try await browser.open("file://" + file, width: width, dark: dark)
                    let layout = try await browser.evaluate(measurements)
                    let photograph = try await browser.screenshot()
                    let context = "\(fixture), \(width) pixels\(dark ? ", dark" : "")"
                    try keep(photograph, "tuning-\(fixture)-\(width)\(dark ? "-dark" : "").png")
                    check(browser.events, context)
                    checkLayout(layout, title: report.title, context)
                    #expect(layout["measured"]?.integer == fixture.evaluations, "\(context)")
                    guard fixture.evaluations > 0 else { continue }
                    try await checkPixels(browser, photograph, layout, dark: dark, context)
                }
            }
        }
    }

    @Test("it prints, with what a screen folds away")
    func prints() async throws {
        try await withTemporaryDirectory { folder in
            let file = joined(folder, "x.report.html")
            try AtomicFile.write(ReportFixture.usual.report.html, to: file)
            try await Browser.run { browser in
                try await browser.open("file://" + file, width: 1280, dark: false)
                let sheet = try await browser.print()
                try keep(sheet, "usual.pdf")
                let data = try #require(Data(base64Encoded: sheet))
                #expect(data.starts(with: Array("%PDF".utf8)))
                let pages = String(decoding: data, as: UTF8.self).split(separator: "/Type /Page\n")
                // The folded tables alone, two times 30 rows, fill a page.
                #expect(pages.count - 1 >= 4)
            }
        }
    }

    /// The measurements themselves are tested on a page that is wrong in every way they look for.
    @Test("what is wrong with a page is found")
    func findsFaults() async throws {
        let page = """
            <!doctype html><h1>x</h1><div style="width: 3000px">wide</div>
            <p style="width: 20px; white-space: nowrap">a word that its box cuts off</p>
            <svg class="chart" role="img"><text class="tick" y="10">12</text><text class="tick" y="12">13</text></svg>
            <img src="missing.png" width="1"><script>console.log("noise")</script>
            """
        try await withTemporaryDirectory { folder in
            let file = joined(folder, "faulty.html")
            try AtomicFile.write(page, to: file)
            try await Browser.run { browser in
                try await browser.open("file://" + file, width: 400, dark: false)
                let layout = try await browser.evaluate(measurements)
                #expect(layout["outside"]?.array?.count ?? 0 >= 1)
                #expect(layout["clipped"]?.array?.count ?? 0 >= 1)
                #expect(layout["overlapping"]?.array?.count == 1)
                #expect(layout["unnamed"] == 1 && layout["scripts"] == 2)
                let methods = browser.events.map(\.method)
                #expect(methods.contains("Runtime.consoleAPICalled"))
                #expect(methods.filter { $0 == "Network.requestWillBeSent" }.count == 2)
                let ink = try await browser.evaluate(
                    "(\(inkCounter))(\"\(try await browser.screenshot())\", [[200, 200, 10, 10]])"
                )
                #expect(ink["ground"] == 255 && ink["ink"]?.array?.first?.number == 0)
            }
        }
    }

    /// No message, and no request but the one for the page.
    private func check(_ events: [(method: String, parameters: JSON)], _ context: String) {
        let noise = ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"]
        for event in events where noise.contains(event.method) {
            Issue.record("\(context): \(event.method) \(event.parameters)")
        }
        let requests = events.filter { $0.method == "Network.requestWillBeSent" }
        #expect(requests.count == 1, "\(context): \(requests)")
    }

    private func check(_ layout: JSON, _ report: QuantizationReport, _ context: String) {
        checkLayout(layout, title: report.title, context)
        #expect(layout["losses"]?.integer == report.layers.count, "\(context)")
        let errors = report.blocks.reduce(0) {
            $0 + ($1.relativeError == nil ? 0 : 1) + ($1.tunedError == nil ? 0 : 1)
        }
        #expect(layout["errors"]?.integer == errors, "\(context)")
    }

    /// What holds of every report.
    private func checkLayout(_ layout: JSON, title: String, _ context: String) {
        #expect(layout["outside"] == [], "\(context)")
        #expect(layout["clipped"] == [], "\(context)")
        #expect(layout["overlapping"] == [], "\(context)")
        #expect(layout["scripts"] == 0, "\(context)")
        #expect(layout["heading"]?.string == printable(title), "\(context)")
        #expect(layout["unnamed"] == 0, "\(context)")
    }

    /// The page has the ground that the reader asked for, and every mark and bar has ink on it.
    private func checkPixels(
        _ browser: Browser,
        _ photograph: String,
        _ layout: JSON,
        dark: Bool,
        _ context: String
    ) async throws {
        // Elsewhere: the page itself forbids every image.
        try await browser.open("about:blank", width: 100, dark: false)
        let found = try await browser.evaluate(
            "(\(inkCounter))(\"\(photograph)\", \((layout["drawn"] ?? []).text(.compact)))"
        )
        let ground = try #require(found["ground"]?.integer)
        #expect(dark ? ground < 60 : ground > 200, "\(context)")
        let ink = try #require(found["ink"]?.array)
        #expect(!ink.isEmpty)
        for (index, share) in ink.enumerated() {
            // A hollow circle six pixels wide with a line of one and a half covers a third of its box, a
            // cross less of its own; what is not drawn covers nothing.
            #expect(share.number ?? 0 > 0.03, "\(context), mark \(index)")
        }
    }

    private func keep(_ file: String, _ name: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["OCTAVO_SCREENSHOTS"] else { return }
        let data = try #require(Data(base64Encoded: file))
        try data.write(to: URL(fileURLWithPath: joined(folder, name)))
    }
}

/// What stands where: elements that leave the window, text that its box cuts off or that lies on other
/// text, and how many marks the charts have.
private let measurements = #"""
    (() => {
      const width = document.documentElement.clientWidth;
      const all = (selector, root = document) => [...root.querySelectorAll(selector)];
      const box = (e) => e.getBoundingClientRect();
      const name = (e) => `${e.tagName}.${e.getAttribute('class')} ${e.textContent.slice(0, 40)}`;
      // A wide table scrolls inside its own box; that box has to fit.
      const fixed = all('body *').filter((e) => !e.closest('.scroll > *, defs, title, desc'));
      const meets = (a, b) =>
        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      const overlapping = all('svg.chart').flatMap((chart) => {
        const ticks = all('.tick', chart);
        return ticks.flatMap((a, i) =>
          ticks.slice(i + 1).filter((b) => meets(box(a), box(b))).map((b) => name(a) + ' | ' + name(b)));
      });
      return {
        outside: fixed.filter((e) => box(e).width > 0 && (box(e).left < -0.5 || box(e).right > width + 0.5))
          .map(name),
        clipped: fixed.filter((e) => e instanceof HTMLElement && e.clientWidth > 0 &&
          e.scrollWidth > e.clientWidth + 1 && !e.matches('.scroll')).map(name),
        overlapping,
        scripts: document.scripts.length + all('img, iframe, link, object, embed').length,
        heading: document.querySelector('h1').textContent,
        losses: all('#loss .chart .mark').length,
        errors: all('#growth .chart .mark').length,
        measured: all('#course .chart .mark').length,
        unnamed: all('svg[role=img]').filter((e) =>
          !e.getAttribute('aria-label') && !e.querySelector('title')?.textContent).length,
        drawn: all('.chart .mark, .bars svg.bar').map((e) => {
          const b = box(e);
          return [b.left, b.top + scrollY, b.width, b.height].map(Math.round);
        }),
      };
    })()
    """#

/// The brightness of a picture's corner, and the share of each rectangle that differs from it.
private let inkCounter = #"""
    async (base64, rectangles) => {
      const image = new Image();
      image.src = 'data:image/png;base64,' + base64;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      const corner = context.getImageData(2, 2, 1, 1).data;
      const ink = rectangles.map(([x, y, width, height]) => {
        const pixels = context.getImageData(x, y, width, height).data;
        let count = 0;
        for (let i = 0; i < pixels.length; i += 4) {
          const distance = Math.max(...[0, 1, 2].map((c) => Math.abs(pixels[i + c] - corner[c])));
          if (distance > 40) count += 1;
        }
        return count / (width * height);
      });
      return { ground: Math.round((corner[0] + corner[1] + corner[2]) / 3), ink };
    }
    """#
