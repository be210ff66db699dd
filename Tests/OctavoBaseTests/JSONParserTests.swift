import OctavoBase
import Testing

/// Texts that RFC 8259 allows, and the values they mean.
@Test(
    arguments: [
        ("null", .null), (" \t\r\n true \n", true), ("false", false),
        ("0", 0), ("-0", 0), ("-17", -17), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(0x1p63)),
        ("4.0", .number(4)), ("4e0", .number(4)), ("1E+2", .number(100)),
        ("-1.5e-3", .number(-0.0015)),
        ("5e-324", .number(0x1p-1074)), ("1e-400", .number(0)),
        ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
        (#""""#, ""), (#""a b""#, "a b"),
        ("\"\u{7F}\u{2028}é\u{1F4D6}\"", "\u{7F}\u{2028}é\u{1F4D6}"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0000\u00e9\u00E9\uFFFF""#, "\u{0}éé\u{FFFF}"), (#""\ud83d\udcd6x""#, "\u{1F4D6}x"),
        ("[]", []), ("[ ]", []), ("[1,[2,[]],\"\"]", [1, [2, []], ""]),
        ("{}", .object([:])),
        (#"{"b":1,"a":{"":null}}"#, .object(["b": 1, "a": .object(["": .null])])),
    ] as [(String, JSON)]
)
func aValidTextIsRead(text: String, value: JSON) throws {
    #expect(try JSON(parsing: text) == value)
}

/// Texts that are not JSON, why, and where that shows.
@Test(
    arguments: [
        ("", .truncated, 0), ("  ", .truncated, 2), ("[", .truncated, 1), ("[1,", .truncated, 3),
        ("{\"a\":", .truncated, 5),
        ("\"a", .truncated, 2), ("\"\\", .truncated, 2), ("\"\\u12", .truncated, 5),
        (#"{"a""#, .truncated, 4),
        ("nul", .truncated, 3), ("nulx", .unexpected(UInt8(ascii: "x")), 3),
        ("True", .unexpected(UInt8(ascii: "T")), 0),
        ("NaN", .unexpected(UInt8(ascii: "N")), 0),
        ("Infinity", .unexpected(UInt8(ascii: "I")), 0), ("'a'", .unexpected(UInt8(ascii: "'")), 0),
        ("+1", .unexpected(UInt8(ascii: "+")), 0),
        (".5", .unexpected(UInt8(ascii: ".")), 0), ("\u{FEFF}1", .unexpected(0xEF), 0),
        ("/**/1", .unexpected(UInt8(ascii: "/")), 0),
        ("\u{B}1", .unexpected(0xB), 0), ("[1 2]", .unexpected(UInt8(ascii: "2")), 3),
        ("[1,]", .unexpected(UInt8(ascii: "]")), 3),
        ("[,1]", .unexpected(UInt8(ascii: ",")), 1), ("[1}", .unexpected(UInt8(ascii: "}")), 2),
        ("{1:2}", .unexpected(UInt8(ascii: "1")), 1),
        (#"{"a" 1}"#, .unexpected(UInt8(ascii: "1")), 5),
        (#"{"a":1,}"#, .unexpected(UInt8(ascii: "}")), 7),
        ("1 2", .trailing, 2), ("[]]", .trailing, 2), ("01", .trailing, 1),
        ("1\u{0}", .trailing, 1), ("null,", .trailing, 4),
        ("-", .badNumber, 1), ("-a", .badNumber, 1), ("1.", .badNumber, 2), ("1.e5", .badNumber, 2),
        ("1e", .badNumber, 2),
        ("1e+", .badNumber, 3), ("1e400", .badNumber, 0), ("-1e400", .badNumber, 0),
        ("\"\n\"", .badString, 1), ("\"\u{1F}\"", .badString, 1), ("\"\\n\u{0}\"", .badString, 4),
        (#""\x""#, .badString, 3),
        (#""\u12g4""#, .badString, 5), (#""\udcd6""#, .badString, 7),
        (#""\ud83d\u0041""#, .badString, 13),
        (#"{"a":1,"a":2}"#, .duplicateKey("a"), 7), (#"{"a":1,"\u0061":2}"#, .duplicateKey("a"), 7),
        (#"[{"k":{"x":1,"y":2,"x":3}}]"#, .duplicateKey("x"), 19),
    ] as [(String, JSONError.Reason, Int)]
)
func anInvalidTextIsRefused(text: String, reason: JSONError.Reason, offset: Int) {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
    #expect(error?.reason == reason)
    #expect(error?.offset == offset)
}

/// A high surrogate must be followed by an escape, whatever else follows.
@Test(arguments: [#""\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#])
func aLoneHighSurrogateIsRefused(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: text) }
}

/// Bytes that are not UTF-8: a lone lead, an overlong form, a surrogate, beyond U+10FFFF, Latin-1.
@Test(
    arguments: [
        [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE9], [0x80],
    ] as [[UInt8]]
)
func aStringMustBeUTF8(bytes: [UInt8]) {
    let quote = UInt8(ascii: "\"")
    for text in [[quote] + bytes + [quote], Array("\"\\n".utf8) + bytes + [quote]] {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.reason == .notUTF8)
    }
}

@Test
func nestingIsBounded() throws {
    func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSON(parsing: nested(128))
    for depth in [129, 1_000_000] {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: nested(depth)) }
        #expect(error?.reason == .tooDeep)
        #expect(error?.offset == 128)
    }
}

/// A value counts wherever it stands; keys do not.
@Test(arguments: [("0", 1), ("[]", 1), ("[0,[0],{}]", 5), (#"{"a":{"b":0},"c":"d"}"#, 4)])
func valuesAreCounted(text: String, count: Int) throws {
    _ = try JSON(parsing: text, mostValues: count)
    let error = #expect(throws: JSONError.self) { try JSON(parsing: text, mostValues: count - 1) }
    #expect(error?.reason == .tooManyValues)
}

/// A tokenizer with the largest vocabulary and most merges of those published is well within.
@Test
func manyValuesAreRefusedUnlessAskedFor() throws {
    func list(_ count: Int) -> [UInt8] {
        Array("[".utf8) + Array(repeatElement(Array("0,".utf8), count: count - 2).joined())
            + Array("0]".utf8)
    }
    #expect(try JSON(parsing: list(256_000 + 1 + 500_000 * 3)).array?.count == 1_756_000)
    let error = #expect(throws: JSONError.self) { try JSON(parsing: list(4_000_001)) }
    #expect(error?.reason == .tooManyValues && error?.offset == 7_999_999)
}

/// Keys that look alike are two keys: Swift alone would hold these equal.
@Test
func keysAreToldApartByTheirScalars() throws {
    let json = try JSON(parsing: #"{"\u00e9": 1, "e\u0301": 2, "\u212b": 3, "\u00c5": 4}"#)
    #expect(json.object?.count == 4)
    #expect(json["\u{E9}"] == 1 && json["e\u{301}"] == 2)
    #expect(json["\u{212B}"] == 3 && json["\u{C5}"] == 4)
}

/// Small objects are searched, large ones indexed: the same must come out on either side.
@Test(arguments: [3, 8, 9, 10, 50])
func anObjectKeepsTheOrderOfItsKeys(count: Int) {
    var object = JSONObject()
    for key in 0..<count { object["\(key)"] = .integer(key) }
    object["0"] = "first"
    #expect(object.keys == (0..<count).map { "\($0)" })
    #expect(object.count == count && object["0"] == "first")
    #expect(object["\(count - 1)"] == .integer(count - 1) && object["\(count)"] == nil)
    object["1"] = nil
    object["none"] = nil
    let rest = ["0"] + (2..<count).map { "\($0)" }
    #expect(object.map(\.key) == rest && object["1"] == nil)
    for key in rest.dropFirst() { #expect(object[key]?.integer == Int(key)) }
    object["1"] = "again"
    #expect(object.keys == rest + ["1"] && object["1"] == "again")
}
