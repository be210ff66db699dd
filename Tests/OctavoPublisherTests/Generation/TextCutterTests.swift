import Testing

@testable import OctavoPublisher

@Suite("Text that is handed on while it is made")
struct TextCutterTests {
    /// What comes of pieces: each as it is handed on, then what was held back, and whether a stop string came.
    private func cut(_ pieces: [[UInt8]], stops: [String]) -> (parts: [String], isStopped: Bool) {
        var cutter = TextCutter(stops: stops)
        var parts = pieces.map { cutter.take($0) }
        if !cutter.isStopped { parts.append(cutter.finish()) }
        return (parts, cutter.isStopped)
    }

    @Test(
        "what may begin a stop string is held back until it is known",
        arguments: [
            (["ab", "cd"], [], ["ab", "cd", ""], false),
            (["a", "b", "c"], ["b"], ["a", "", ""], true),
            (["ab", "END", "c"], ["END"], ["ab", "", ""], true),
            (["abE", "ND"], ["END"], ["ab", ""], true),
            (["abE", "NO"], ["END"], ["ab", "ENO", ""], false),
            (["abE", "N"], ["END"], ["ab", "", "EN"], false),
            // It may begin anew within what looked like its beginning.
            (["EE", "EN", "EEND"], ["END"], ["E", "E", "ENE"], true),
            (["aab", "aac"], ["aabaac"], ["", ""], true),
            (["aab", "aab", "aac"], ["aabaac"], ["", "aab", ""], true),
            // Of several the first to come counts, wherever it stands in the list.
            (["one two"], ["two", "one"], [""], true), (["xyz"], ["yz", "y"], ["x"], true),
            (["x", "y", "z"], ["xyzz", "z"], ["", "", "xy"], true),
            (["\n", "\n", "a"], ["\n\n"], ["", "", ""], true),
        ] as [([String], [String], [String], Bool)]
    )
    func stops(pieces: [String], stops: [String], parts: [String], isStopped: Bool) {
        let found = cut(pieces.map { Array($0.utf8) }, stops: stops)
        #expect(found.parts == parts)
        #expect(found.isStopped == isStopped)
    }

    @Test("characters are handed on whole, wherever they are cut, also before a stop string")
    func characters() {
        let text = "aé紙😀\u{301}z."
        let bytes = Array(text.utf8)
        for size in 1...5 {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            for stops in [[], ["."], ["😀!"], ["é.", "z"]] {
                let found = cut(pieces, stops: stops)
                #expect(!found.parts.joined().contains("\u{FFFD}"))
                let end = stops.contains(".") ? "." : stops.contains("z") ? "z" : nil
                #expect(found.isStopped == (end != nil))
                #expect(
                    Array((found.parts.joined() + (end ?? "")).utf8)
                        == bytes.dropLast(end == "z" ? 1 : 0)
                )
            }
        }
    }

    @Test(
        "bytes that are no text become the same marks as in one piece",
        arguments: [
            [0x80, 0x80, 0x80, 0x80, 0x80, 0x80], [0xF0, 0x41], [0xE2, 0x82], [0xC0, 0xAF, 0x41],
            [0x41, 0xFF, 0xF0, 0x9F, 0x98, 0x41, 0xC3], [0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80],
            [0xE2, 0xE2, 0x82, 0xAC, 0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func brokenBytes(bytes: [UInt8]) {
        let found = cut(bytes.map { [$0] }, stops: ["~"])
        #expect(
            Array(found.parts.joined().utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8)
        )
    }
}
