import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// Sound files, to tell a strict reader from one that refuses everything.
extension HandMade {
    static let sound: [HandMade] = [
        HandMade("plain", one(info()), data: 16),
        HandMade("no tensors", "{}"),
        HandMade("white space around", "  {} \t\r\n"),
        HandMade("metadata only", #"{"__metadata__":{"format":"pt"}}"#),
        HandMade("empty name", #"{"":\#(info())}"#, data: 16),
        HandMade("name like a path", #"{"../../etc/passwd":\#(info())}"#, data: 16),
        HandMade("NUL in a name", #"{"a\u0000b":\#(info())}"#, data: 16),
        HandMade("scalar", one(info("I32", "[]", "[0,4]")), data: 4),
        HandMade("empty tensor", one(info("I32", "[2,0]", "[0,0]"))),
        HandMade(
            "empty tensor at a boundary",
            #"{"a":\#(info("I32", "[1]", "[0,4]")),"z":\#(info("I32", "[0]", "[4,4]")),"b":\#(info("I32", "[1]", "[4,8]"))}"#,
            data: 8
        ),
        HandMade(
            "header out of order",
            #"{"b":\#(info("I32", "[1]", "[4,8]")),"a":\#(info("I32", "[1]", "[0,4]"))}"#,
            data: 8
        ),
        HandMade(
            "unaligned",
            #"{"a":\#(info("U8", "[1]", "[0,1]")),"b":\#(info("F32", "[1]", "[1,5]"))}"#,
            data: 5
        ),
        HandMade("two elements of four bits", one(info("F4", "[4]", "[0,2]")), data: 2),
        HandMade("four elements of six bits", one(info("F6_E3M2", "[4]", "[0,3]")), data: 3),
    ]

    /// Eight elements of every dtype take as many bytes as one has bits.
    static let everyDType: [HandMade] = [
        ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8),
        ("F8_E5M2", 8),
        ("F8_E4M3", 8), ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16),
        ("U16", 16),
        ("F16", 16), ("BF16", 16), ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64),
        ("I64", 64), ("U64", 64),
    ].map { HandMade("eight of \($0)", one(info($0, "[8]", "[0,\($1)]")), data: $1) }
}

@Suite
struct SafetensorsBatteryTests {
    static let files =
        HandMade.unreadable + HandMade.duplicates + HandMade.metadata + HandMade.places
        + HandMade.descriptions + HandMade.shapes + HandMade.sound + HandMade.everyDType

    @Test(arguments: files)
    func eachLieHasItsError(_ file: HandMade) {
        var found: SafetensorsError?
        do throws(SafetensorsError) { _ = try SafetensorsHeader(file.bytes.span.bytes) } catch {
            found = error
        }
        #expect(found == file.error)
    }

    @Test
    func tooManyTensorsAreRefused() {
        // Empty scalars of no kind: the count is refused before any description is looked at.
        let members = (0...1_000_000).map { #""\#($0)":0"# }.joined(separator: ",")
        let file = HandMade("", "{\(members)}")
        #expect(throws: SafetensorsError.tooManyTensors(1_000_001)) {
            try SafetensorsHeader(file.bytes.span.bytes)
        }
    }

    /// No more values than as many matrices as there may be tensors take.
    @Test
    func tooManyValuesAreRefused() {
        let values = repeatElement(Array("0,".utf8), count: SafetensorsHeader.mostValues - 2)
            .joined()
        let file = HandMade("", Array(#"{"t":["#.utf8) + values + Array("0]}".utf8))
        #expect(throws: notJSON(.tooManyValues, 6 + 2 * (SafetensorsHeader.mostValues - 2))) {
            try SafetensorsHeader(file.bytes.span.bytes)
        }
    }

    @Test
    func tensorsComeInTheOrderOfTheirBytes() throws {
        let file = HandMade(
            "",
            #"{"b":\#(info("I32", "[1]", "[4,8]")),"a":\#(info("I32", "[1]", "[0,4]"))}"#,
            data: 8
        )
        let header = try SafetensorsHeader(file.bytes.span.bytes)
        #expect(header.tensors.map(\.name) == ["a", "b"])
        #expect(header.tensors.map(\.bytes.count) == [4, 4])
        #expect(header.tensors.last?.bytes.upperBound == file.bytes.count)
    }

    @Test
    func everyPrefixOfASoundFileIsRefused() {
        let whole = HandMade("", #"{"__metadata__":{"format":"pt"},"t":\#(info())}"#, data: 16)
            .bytes
        for length in 0..<whole.count {
            let prefix = Array(whole[..<length])
            #expect(throws: SafetensorsError.self) { try SafetensorsHeader(prefix.span.bytes) }
        }
    }
}
