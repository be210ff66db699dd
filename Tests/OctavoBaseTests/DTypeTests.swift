import OctavoBase
import Testing

@Test(
    arguments: [
        (.f32, [], 4), (.f32, [0], 0), (.f16, [3, 5], 30), (.bf16, [1], 2), (.u8, [7], 7),
        (.i64, [2, 2], 32), (.c64, [3], 24),
        // Widths below a byte must fill whole bytes.
        (.f4, [2], 1), (.f4, [3], nil), (.f4, [], nil), (.f4, [3, 2], 3), (.f6e2m3, [4], 3),
        (.f6e3m2, [2], nil), (.f6e3m2, [0], 0),
        // Lies.
        (.u8, [-1], nil), (.u8, [0, -1], nil), (.u8, [-2, -2], nil), (.u8, [.max, 2], nil),
        (.f64, [.max / 8], nil),
        (.u8, [1 << 32, 1 << 32], nil), (.u8, [0, .max, .max], nil), (.u8, [.max, .max, 0], nil),
        (.u8, [.min], nil),
        (.u8, [.max / 8], .max / 8), (.u8, [0, .max], 0),
    ] as [(DType, [Int], Int?)]
)
func theBytesOfAShapeAreCounted(dtype: DType, shape: [Int], bytes: Int?) {
    #expect(dtype.byteCount(shape: shape) == bytes)
}

/// The names and widths of the safetensors format, in the order of its enumeration.
@Test
func theTypesAreThoseOfSafetensors() {
    let expected = [
        ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8),
        ("F8_E5M2", 8), ("F8_E4M3", 8),
        ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16),
        ("F16", 16), ("BF16", 16),
        ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64), ("I64", 64), ("U64", 64),
    ]
    #expect(DType.allCases.map(\.rawValue) == expected.map(\.0))
    #expect(DType.allCases.map(\.bits) == expected.map(\.1))
    #expect(DType.allCases.shuffled().sorted() == DType.allCases)
}
