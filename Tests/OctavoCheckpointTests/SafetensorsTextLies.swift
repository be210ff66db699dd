import OctavoBase

@testable import OctavoCheckpoint

/// Headers that are no JSON of the accepted kind, or say nothing sound of the whole file.
extension HandMade {
    static let unreadable: [HandMade] = [
        HandMade("no bytes", raw: [], .tooShort(fileSize: 0)),
        HandMade("seven bytes", raw: [1, 1, 1, 1, 1, 1, 1], .tooShort(fileSize: 7)),
        HandMade("header of no length", "", notJSON(.truncated, 0)),
        HandMade(
            "length beyond file",
            "{}",
            length: 60,
            .headerBeyondFile(length: 60, available: 2)
        ),
        HandMade("length above limit", "{}", length: 100_000_001, .headerTooLarge(100_000_001)),
        HandMade("length of 2^64 - 1", "{}", length: .max, .headerTooLarge(.max)),
        HandMade(
            "length that wraps when 8 is added",
            "{}",
            length: .max - 7,
            .headerTooLarge(.max - 7)
        ),
        HandMade("no UTF-8", [0xFF], notJSON(.unexpected(0xFF), 0)),
        HandMade(
            "overlong UTF-8 in a name",
            Array(#"{""#.utf8) + [0xC0, 0xAF] + Array(#"":1}"#.utf8),
            notJSON(.notUTF8, 2)
        ),
        HandMade("open brace", "{", notJSON(.truncated, 1)),
        HandMade("array", "[]", .notAnObject),
        HandMade("null", "null", .notAnObject),
        HandMade(
            "byte order mark",
            [0xEF, 0xBB, 0xBF] + Array("{}".utf8),
            notJSON(.unexpected(0xEF), 0)
        ),
        HandMade("padded with NUL", "{}\0\0\0", notJSON(.trailing, 2)),
        HandMade("garbage behind", "{}x", notJSON(.trailing, 2)),
        HandMade("two objects", "{}{}", notJSON(.trailing, 2)),
        HandMade("comment", "{/*x*/}", notJSON(.unexpected(UInt8(ascii: "/")), 1)),
        HandMade(
            "NaN",
            #"{"__metadata__":{"a":NaN}}"#,
            notJSON(.unexpected(UInt8(ascii: "N")), 21)
        ),
        HandMade("trailing comma", #"{"a":1,}"#, notJSON(.unexpected(UInt8(ascii: "}")), 7)),
        HandMade(
            "deep nesting",
            #"{"t":"# + String(repeating: "[", count: 200),
            notJSON(.tooDeep, 132)
        ),
        HandMade("lone surrogate", #"{"\ud800":1}"#, notJSON(.unexpected(UInt8(ascii: "\"")), 8)),
        HandMade("raw control character", "{\"a\nb\":1}", notJSON(.badString, 3)),
    ]

    static let duplicates: [HandMade] = [
        HandMade(
            "tensor twice",
            #"{"t":\#(info()),"t":\#(info())}"#,
            data: 16,
            notJSON(.duplicateKey("t"), 57)
        ),
        HandMade(
            "field twice",
            #"{"t":{"dtype":"I32","dtype":"F32"}}"#,
            notJSON(.duplicateKey("dtype"), 20)
        ),
        HandMade(
            "metadata twice",
            #"{"__metadata__":{},"__metadata__":{}}"#,
            notJSON(.duplicateKey("__metadata__"), 19)
        ),
        HandMade(
            "key twice in metadata",
            #"{"__metadata__":{"a":"b","a":"c"}}"#,
            notJSON(.duplicateKey("a"), 25)
        ),
    ]

    static let metadata: [HandMade] = [
        HandMade("metadata with a number", #"{"__metadata__":{"a":1}}"#, .badMetadata(key: "a")),
        HandMade(
            "metadata with an object",
            #"{"__metadata__":{"a":{"b":"c"}}}"#,
            .badMetadata(key: "a")
        ),
        HandMade("metadata null", #"{"__metadata__":null}"#, .badMetadata(key: nil)),
        HandMade("metadata string", #"{"__metadata__":"x"}"#, .badMetadata(key: nil)),
        HandMade(
            "metadata like a tensor",
            #"{"__metadata__":\#(info())}"#,
            data: 16,
            .badMetadata(key: "shape")
        ),
    ]
}
