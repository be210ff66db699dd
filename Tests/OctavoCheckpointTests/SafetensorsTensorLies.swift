import OctavoBase

@testable import OctavoCheckpoint

/// Tensors that are where they cannot be, or are described as they cannot be.
extension HandMade {
    static let places: [HandMade] = [
        HandMade(
            "hole at start",
            one(info("I32", "[2,2]", "[4,20]")),
            data: 20,
            .notContiguous(tensor: "t", begin: 4, expected: 0)
        ),
        HandMade(
            "hole between",
            #"{"a":\#(info()),"b":\#(info("I32", "[2,2]", "[20,36]"))}"#,
            data: 36,
            .notContiguous(tensor: "b", begin: 20, expected: 16)
        ),
        HandMade(
            "full overlap",
            #"{"a":\#(info()),"b":\#(info())}"#,
            data: 16,
            .notContiguous(tensor: "b", begin: 0, expected: 16)
        ),
        // Little data, of which each of many tensors would have all.
        HandMade(
            "many tensors on the same bytes",
            "{" + (10..<60).map { #""\#($0)":\#(info())"# }.joined(separator: ",") + "}",
            data: 16,
            .notContiguous(tensor: "11", begin: 0, expected: 16)
        ),
        HandMade(
            "partial overlap",
            #"{"a":\#(info()),"b":\#(info("I32", "[2,2]", "[8,24]"))}"#,
            data: 24,
            .notContiguous(tensor: "b", begin: 8, expected: 16)
        ),
        HandMade(
            "empty tensor inside another",
            #"{"a":\#(info("I32", "[2]", "[0,8]")),"z":\#(info("I32", "[0]", "[4,4]"))}"#,
            data: 8,
            .notContiguous(tensor: "z", begin: 4, expected: 8)
        ),
        HandMade("bytes behind", one(info()), data: 18, .wrongFileSize(found: 83, expected: 81)),
        HandMade("bytes missing", one(info()), data: 14, .wrongFileSize(found: 79, expected: 81)),
        HandMade("no data at all", one(info()), .wrongFileSize(found: 65, expected: 81)),
    ]

    static let descriptions: [HandMade] = [
        HandMade(
            "end before begin",
            one(info("I32", "[0]", "[16,0]")),
            .badOffsets(tensor: "t", found: "[16,0]")
        ),
        HandMade(
            "negative offset",
            one(info("I32", "[4]", "[-16,0]")),
            .badOffsets(tensor: "t", found: "[-16,0]")
        ),
        HandMade(
            "three offsets",
            one(info("I32", "[4]", "[0,16,32]")),
            data: 16,
            .badOffsets(tensor: "t", found: "[0,16,32]")
        ),
        HandMade(
            "one offset",
            one(info("I32", "[4]", "[0]")),
            .badOffsets(tensor: "t", found: "[0]")
        ),
        HandMade(
            "offsets at the end of numbers",
            one(info("I32", "[4]", "[9223372036854775791,9223372036854775807]")),
            .badOffsets(tensor: "t", found: "[9223372036854775791,9223372036854775807]")
        ),
        HandMade(
            "fewer bytes than elements",
            one(info("I32", "[2,2]", "[0,4]")),
            data: 4,
            .wrongByteCount(tensor: "t", found: 4, expected: 16)
        ),
        HandMade(
            "more bytes than elements",
            one(info("I32", "[2,2]", "[0,20]")),
            data: 20,
            .wrongByteCount(tensor: "t", found: 20, expected: 16)
        ),
        HandMade(
            "three elements of four bits",
            one(info("F4", "[3]", "[0,2]")),
            data: 2,
            .uncountableBytes(tensor: "t", dtype: .f4, shape: [3])
        ),
        HandMade(
            "bits overflow",
            one(info("I64", "[281474976710656,2048]", "[0,16]")),
            data: 16,
            .uncountableBytes(tensor: "t", dtype: .i64, shape: [281474976710656, 2048])
        ),
        HandMade(
            "unknown dtype",
            one(info("F31")),
            data: 16,
            .unknownDType(tensor: "t", found: "\"F31\"")
        ),
        HandMade(
            "lowercase dtype",
            one(info("i32")),
            data: 16,
            .unknownDType(tensor: "t", found: "\"i32\"")
        ),
        HandMade(
            "no dtype",
            #"{"t":{"shape":[4],"data_offsets":[0,16]}}"#,
            data: 16,
            .badFields(tensor: "t", found: ["shape", "data_offsets"])
        ),
        HandMade(
            "no shape",
            #"{"t":{"dtype":"I32","data_offsets":[0,16]}}"#,
            data: 16,
            .badFields(tensor: "t", found: ["dtype", "data_offsets"])
        ),
        HandMade(
            "a field too many",
            #"{"t":{"dtype":"I32","shape":[4],"data_offsets":[0,16],"x":1}}"#,
            data: 16,
            .badFields(tensor: "t", found: ["dtype", "shape", "data_offsets", "x"])
        ),
        HandMade("tensor is a number", #"{"t":1}"#, .badFields(tensor: "t", found: [])),
    ]

    /// Shapes that are none, as they must come back in the error.
    static let shapes: [HandMade] =
        [
            ("product overflows", "[2,9223372036854775807]"),
            ("product overflows below the limit of each", "[281474976710656,281474976710656]"),
            ("overflow before a zero", "[281474976710656,281474976710656,0]"),
            ("overflow behind a zero", "[0,281474976710656,281474976710656]"),
            ("dimension above 2^48", "[0,281474976710657]"),
            ("negative dimension", "[-1]"), ("float dimension", "[4.0]"),
            ("text dimension", #"["4"]"#), ("no list", "4"), ("truth value", "[true]"),
        ].map { HandMade($0, one(info("I32", $1)), data: 16, .badShape(tensor: "t", found: $1)) }
        + [
            HandMade(
                "dimension beyond 64 bits",
                one(info("I32", "[18446744073709551616]")),
                data: 16,
                .badShape(tensor: "t", found: "[1.8446744073709552e+19]")
            ),
            HandMade(
                "dimension with exponent",
                one(info("I32", "[4e0]")),
                data: 16,
                .badShape(tensor: "t", found: "[4.0]")
            ),
        ]
}
