import OctavoBase
import Testing

private let value: JSON = .object([
    "name": "a\"\\\n\u{1}\u{7F}é", "shape": [2, 3], "parts": [1, "x"],
    "Z": .object(["b": .number(0.1), "a": .null]), "none": [], "empty": .object([:]), "on": true,
])

@Test(
    arguments: [
        (
            .compact,
            #"{"name":"a\"\\\n\u0001\u007fé","shape":[2,3],"parts":[1,"x"],"Z":{"b":0.1,"a":null},"none":[],"empty":{},"on":true}"#
        ),
        (
            .canonical,
            #"{"Z":{"a":null,"b":0.1},"empty":{},"name":"a\"\\\n\u0001\u007fé","none":[],"on":true,"parts":[1,"x"],"shape":[2,3]}"#
        ),
        (
            .pretty,
            #"""
            {
              "name": "a\"\\\n\u0001\u007fé",
              "shape": [2, 3],
              "parts": [
                1,
                "x"
              ],
              "Z": {
                "b": 0.1,
                "a": null
              },
              "none": [],
              "empty": {},
              "on": true
            }

            """#
        ),
        (
            .sorted,
            #"""
            {
              "Z": {
                "a": null,
                "b": 0.1
              },
              "empty": {},
              "name": "a\"\\\n\u0001\u007fé",
              "none": [],
              "on": true,
              "parts": [
                1,
                "x"
              ],
              "shape": [2, 3]
            }

            """#
        ),
    ] as [(JSON.Layout, String)]
)
func aValueIsWrittenInEachLayout(layout: JSON.Layout, text: String) throws {
    #expect(value.text(layout) == text)
    let keepsOrder = layout == .compact || layout == .pretty
    #expect(try JSON(parsing: text).text(.canonical) == value.text(.canonical))
    #expect(try (JSON(parsing: text) == value) == keepsOrder)
}

/// Sorted by bytes: "e\u{301}" starts with an e, though it looks like "é", which sorts after "z".
@Test
func canonicalKeysAreInTheOrderOfTheirBytes() {
    let object = JSON.object([
        "\u{E9}": 1, "z": 2, "e\u{301}": 3, "\u{1F4D6}": 4, "\u{FFFD}": 5, "": 6,
    ])
    #expect(
        object.text(.canonical)
            == "{\"\":6,\"e\u{301}\":3,\"z\":2,\"\u{E9}\":1,\"\u{FFFD}\":5,\"\u{1F4D6}\":4}"
    )
}

/// Each number comes back as the same bits.
@Test(
    arguments: [
        0, -0.0, 0.1, 1 / 3, 4, 1e16, 1e21, 1e22, 0x1p-1074, 0x1p-1022,
        1.7976931348623157e308, -123456.789, 0x1p63,
    ] as [Double]
)
func aNumberComesBackTheSame(number: Double) throws {
    let read = try JSON(parsing: JSON.number(number).text(.compact))
    #expect(read.number?.bitPattern == number.bitPattern)
    #expect(read.integer == nil, "a measurement must not turn into a count")
}

@Test(arguments: [Double.nan, .infinity, -.infinity] as [Double])
func whatJSONCannotHoldBecomesNull(number: Double) {
    #expect(JSON.number(number).text(.compact) == "null")
}

/// Every scalar, in strings of 4096.
@Test
func everyScalarComesBackTheSame() throws {
    let scalars = (UInt32(0)..<0x110000).compactMap(Unicode.Scalar.init)
    for start in stride(from: 0, to: scalars.count, by: 4096) {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars[start..<min(start + 4096, scalars.count)])
        let read = try #require(try JSON(parsing: JSON.string(text).text(.compact)).string)
        #expect(Array(read.utf8) == Array(text.utf8))
    }
}
