import OctavoBase
import Testing

/// Texts that Swift holds equal and their bytes do not.
private let alike = [("\u{E9}", "e\u{301}"), ("\u{212B}", "\u{C5}"), ("K", "\u{212A}")]

@Test(arguments: alike)
func keysAreComparedByTheirBytes(a: String, b: String) {
    #expect(a == b)
    #expect(UTF8Key(a) != UTF8Key(b) && UTF8Key(a) == UTF8Key(String(a)))
    #expect(Set([UTF8Key(a), UTF8Key(b), UTF8Key(a)]).count == 2)
    #expect(JSON.string(a) != .string(b))
    #expect(JSON.object([a: 1]) != .object([b: 1]))
    #expect(JSON.array([.string(a)]) != .array([.string(b)]))
}

@Test(
    arguments: [
        ("a.weight", ".weight", "a"), (".weight", ".weight", ""), ("weight", ".weight", nil),
        ("a", "", "a"), ("", "", ""), ("e\u{301}", "\u{301}", "e"), ("\u{E9}", "e\u{301}", nil),
        // What is taken away may leave a mark behind, or begin with one.
        ("a.x\u{301}", ".x", nil), ("\u{301}.x", ".x", "\u{301}"),
    ] as [(String, String, String?)]
)
func anEndingIsRemovedByItsBytes(text: String, suffix: String, rest: String?) {
    #expect(text.removingSuffix(suffix).map { Array($0.utf8) } == rest.map { Array($0.utf8) })
}

@Test
func textsAreInTheOrderOfTheirBytes() {
    let texts = ["\u{E9}", "e\u{301}", "z", "", "a", "\u{1F4D6}", "\u{FFFD}"]
    #expect(
        texts.sorted(by: precedes).map { Array($0.utf8) }
            == ["", "a", "e\u{301}", "z", "\u{E9}", "\u{FFFD}", "\u{1F4D6}"].map { Array($0.utf8) }
    )
}
