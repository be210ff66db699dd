import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Calibration on files")
struct CalibrationTests {
    @Test("several files are one text, and are recorded by name and not by place")
    func readsFiles() async throws {
        try await withSandbox { box in
            try box.addModel()
            // With one token a byte, 16 bytes are a sequence of 16; the six left over are dropped.
            try write(["texts/a.txt": Array("first sixteen b.".utf8)], to: box.path)
            try box.add("b.txt", "and the last 16.remain")
            try await box.succeed(
                "quantize model folded --scheme 1x4g8 --sequence-length 16 --tokens 512 "
                    + "--calibration texts/a.txt b.txt"
            )
            let record = try JSON(parsing: readFile(box("folded/octavo.json")))
            let calibration = try #require(record["recipe"]?["calibration"])
            #expect(calibration["text"] == ["a.txt", "b.txt"])
            #expect(calibration["tokens"] == 32)
            // A byte is its value plus two, behind the two special tokens.
            let tokens = "first sixteen b.and the last 16.".utf8.map { Int32($0) + 2 }
            #expect(calibration["sha256"] == .string(Digest(of: tokens).hex))
        }
    }

    @Test(
        "texts that will not do",
        arguments: [
            (Array("too short".utf8), "has 9 tokens, expected at least 32"),
            (Array(String(repeating: "x", count: 40).utf8) + [0xFF], "is not UTF-8"),
            ([], "has 0 tokens"),
        ]
    )
    func refusesTexts(bytes: [UInt8], reason: String) async throws {
        try await withSandbox { box in
            try box.addModel()
            try write(["text.txt": bytes], to: box.path)
            let notes = try await box.fail(
                "quantize model folded \(foldArguments) --calibration text.txt"
            )
            #expect(notes.contains(reason), "\(notes)")
            #expect(fileKind(box("folded")) == nil)
            // Nothing worth keeping was done, so nothing stands in the way of another text.
            try box.add("text.txt", String(repeating: "The sea is wide. ", count: 4))
            try await box.succeed("quantize model folded \(foldArguments) --calibration text.txt")
        }
    }

    @Test("a text that is not there is missed before any work")
    func missesFile() async throws {
        try await withSandbox { box in
            try box.addModel()
            let notes = try await box.fail(
                "quantize model folded \(foldArguments) --calibration nowhere.txt"
            )
            #expect(notes.contains("nowhere.txt"))
            #expect(try box.entries(except: ["model"]) == [])
        }
    }
}
