import Testing

@testable import OctavoPublisher

@Suite("The text of a tuning's report")
struct TuningTextTests {
    @Test("the figures are those of the fixture, counted by hand")
    func tellsFigures() {
        let page = TuningFixture.usual.report.html
        // 120 steps of 4, 4.1, 4.2, 4.3 and 4.4 seconds in turn are 504; 40 times 2048, 2047 and 2046 tokens
        // are 245 640. 120 steps change 1000 groups each and 7 · (0 + … + 49) twice, 7 · (0 + … + 19) once.
        for text in [
            "<p class=\"figure\">0.2000</p>", "0.2833 before", "<p class=\"figure\">100</p>",
            "of 120 that were made", "<p class=\"figure\">8 min 24 s</p>", "487 tokens a second",
            "<p class=\"figure\">245\u{202F}640</p>", "138\u{202F}480 times",
            "the best, step 100: 0.2000", "--calibration &#39;my chat.jsonl&#39;",
        ] {
            #expect(page.contains(text), "\(text)")
        }
        #expect(!page.contains("class=\"alerts\""))
    }

    @Test(
        "how a run ended is said",
        arguments: [
            (TuningFixture.diverged, "The run diverged"),
            (.diverged, "No step made the model better"), (.hostile, "its time was over"),
        ]
    )
    func tellsEnds(fixture: TuningFixture, words: String) {
        #expect(fixture.report.html.contains(words))
    }

    @Test("names that try to be markup stay text", arguments: TuningFixture.allCases)
    func escapes(fixture: TuningFixture) {
        let page = fixture.report.html
        for markup in ["<script", "<img", "\u{202E}", "src=\"", "href=", "url(http", "<link"] {
            #expect(!page.contains(markup), "\(markup)")
        }
        #expect(page.contains("default-src 'none'"))
        #expect(!page.contains("nan") && !page.contains("inf<") && !page.contains("inf "))
        #expect(page == fixture.report.html)
    }

    @Test("a long course is drawn with no more points than anyone can see")
    func thins() throws {
        let page = TuningFixture.long.report.html
        #expect(page.utf8.count < 200_000)
        #expect(!page.contains("Codes that changed"))
    }

    @Test(
        "an axis has room for its values, in round steps",
        arguments: [
            ([0.0, 1], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]), ([3, 3], ["3", "4"]),
            ([0, 120], ["0", "50", "100", "150"]),
            ([-1, 1], ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
            ([0.2301, 0.2309], ["0.2300", "0.2302", "0.2304", "0.2306", "0.2308", "0.2310"]),
            ([.nan, 5, .infinity, 5], ["5", "6"]),
        ] as [([Double], [String])]
    )
    func ticks(values: [Double], labels: [String]) {
        let scale = LinearScale(values)
        let isFlat = Set(values.filter(\.isFinite)).count == 1
        if !isFlat { #expect(scale.ticks.map(\.label) == labels) }
        #expect(scale.ticks.first?.position == 0 && scale.ticks.last?.position == 1)
        for value in values where value.isFinite {
            let place = scale.position(value) ?? -1
            #expect(place >= 0 && place <= 1)
        }
        #expect(scale.position(.nan) == nil && scale.position(.infinity) == nil)
    }
}
