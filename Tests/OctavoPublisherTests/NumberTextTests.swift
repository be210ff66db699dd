import OctavoPublisher
import Testing

@Suite("Numbers for people")
struct NumberTextTests {
    @Test(
        "shares are percentages with three significant digits",
        arguments: [
            (0.0523, "5.23 %"), (0, "0 %"), (1, "100 %"), (0.5, "50.0 %"), (0.1, "10.0 %"),
            (0.09996, "10.0 %"), (0.99999, "100 %"), (0.00052345, "0.0523 %"),
            (0.0099949, "0.999 %"), (0.000099999, "0.0100 %"), (1.5e-5, "0.00150 %"),
            (3.14e-9, "3.1·10⁻⁷ %"), (9.99e-7, "1.0·10⁻⁴ %"), (12.345, "1235 %"),
            (1e5, "1.0·10⁷ %"), (-0.25, "-25.0 %"), (.nan, "not a finite number"),
            (.infinity, "not a finite number"), (.leastNormalMagnitude, "2.2·10⁻³⁰⁶ %"),
        ]
    )
    func writesShares(share: Double, text: String) {
        #expect(percentText(share) == text)
    }

    @Test(
        "durations",
        arguments: [
            (0, "0 s"), (0.04, "0.0 s"), (0.36, "0.4 s"), (3, "3 s"), (9.94, "9.9 s"),
            (9.96, "10 s"),
            (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7800, "2 h 10 min"), (-4, "0 s"),
            (.nan, "unknown"), (.infinity, "unknown"), (1e300, "unknown"),
        ]
    )
    func writesDurations(seconds: Double, text: String) {
        #expect(durationText(seconds) == text)
    }

    @Test(
        "long numbers are grouped",
        arguments: [
            (0, "0"), (999, "999"), (1000, "1\u{202F}000"), (131072, "131\u{202F}072"),
            (-1_234_567, "-1\u{202F}234\u{202F}567"),
            (Int.min, "-9\u{202F}223\u{202F}372\u{202F}036\u{202F}854\u{202F}775\u{202F}808"),
        ]
    )
    func groups(number: Int, text: String) {
        #expect(groupedText(number) == text)
    }
}
