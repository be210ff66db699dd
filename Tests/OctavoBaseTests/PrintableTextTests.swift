import OctavoBase
import Testing

@Suite("Text from strangers")
struct PrintableTextTests {
    @Test(
        "what could command a terminal or turn a line around is replaced, the rest stays",
        arguments: [
            ("plain text\n\tindented", "plain text\n\tindented"),
            ("\u{1B}[31mred", "\u{FFFD}[31mred"),
            ("a\rb\u{0}c\u{7F}d\u{9B}e", "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e"),
            ("\u{202E}evil\u{2066}\u{FEFF}", "\u{FFFD}evil\u{FFFD}\u{FFFD}"),
            ("नमस्‍ते 👩‍👩‍👧 Grüße", "नमस्‍ते 👩‍👩‍👧 Grüße"),
        ]
    )
    func replaces(text: String, shown: String) {
        #expect(printable(text) == shown)
    }
}
