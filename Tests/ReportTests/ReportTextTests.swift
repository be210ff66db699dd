import OctavoPublisher
import Testing

@Suite("The report's text")
struct ReportTextTests {
    @Test("names that try to be markup stay text")
    func escapes() {
        let page = ReportFixture.hostile.report.html
        #expect(!page.contains("<script"))
        #expect(!page.contains("<img"))
        #expect(!page.contains("\u{202E}"))
        // Title, heading, made, settings and whatever else repeats it.
        let escaped = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;amp;&lt;img src="
        #expect(page.ranges(of: escaped).count > 12)
        // Quoted for a shell, then for HTML: '…alert('\''x'\'')…'.
        #expect(
            page.contains("octavo &#39;&lt;script&gt;alert(&#39;\\&#39;&#39;x&#39;\\&#39;&#39;)")
        )
        #expect(page.contains("&#39;--it&#39;\\&#39;&#39;s&#39;"))
    }

    @Test("the page asks for nothing from elsewhere", arguments: ReportFixture.allCases)
    func isSelfContained(fixture: ReportFixture) {
        let page = fixture.report.html
        for reference in [
            "http-equiv=\"refresh", "@import", "src=\"", "href=", "url(http", "<link", "<script",
        ] {
            #expect(!page.contains(reference), "\(reference)")
        }
        #expect(page.contains("default-src 'none'"))
    }

    @Test("the figures of the headline are those of the fixture, counted by hand")
    func tellsFigures() {
        let page = ReportFixture.usual.report.html
        // 30 layers of 884736 bytes of codes, 57344 of codebooks and 10368 of scales stand for
        // 30 · 576 · 768 · 8 weights: 2.153 bits; with the embedding 85196544 bytes.
        for figure in [
            "<p class=\"figure\">2.15</p>", "<p class=\"figure\">3.2 ×</p>",
            "269.0 MB before, 85.2 MB now",
            "<p class=\"figure\">131\u{202F}072</p>", "<p class=\"figure\">7 min 31 s</p>",
            "--calibration &#39;web and wiki.txt&#39;",
        ] {
            #expect(page.contains(figure), "\(figure)")
        }
    }

    @Test("what is not known is left out, and what is no number is said to be none")
    func survivesGaps() {
        let page = ReportFixture.mixture.report.html
        #expect(page.contains("The loss of 8 of 64 layers is not a finite number."))
        #expect(page.contains("2 of 4 blocks were taken over from an earlier run"))
        #expect(page.contains("exactly 0") && page.contains("not a finite number"))
        #expect(page.contains("the original&#39;s size is not known"))
        #expect(!page.contains("nan") && !page.contains("inf "))
        // Nothing at all is a page too.
        let empty = QuantizationReport(
            title: "",
            scheme: "1x8g8",
            sizes: SizeBreakdown(tensors: [], groupSize: 8)
        )
        #expect(empty.html.contains("</html>"))
        #expect(!empty.html.contains("<section"))
    }

    @Test("two pages of the same report are the same")
    func isDeterministic() {
        #expect(ReportFixture.mixture.report.html == ReportFixture.mixture.report.html)
    }
}
