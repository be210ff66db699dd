import OctavoBase
import OctavoModel
@testable import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("How tensors are stored")
struct StorageTests {
    /// Bits by hand, from the definitions of the formats (IEEE 754 binary16, and the upper half of
    /// binary32).
    @Test(
        "floats become the bytes of their type",
        arguments: [
            ([1, -2, 0.5], DType.f16, [0x00, 0x3C, 0x00, 0xC0, 0x00, 0x38]),
            ([1, -2, 0.5], .bf16, [0x80, 0x3F, 0x00, 0xC0, 0x00, 0x3F]),
            ([1, -2], .f32, [0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0xC0]),
            // The largest half, and what still rounds to it.
            ([65504, 65519], .f16, [0xFF, 0x7B, 0xFF, 0x7B]),
            // Infinite numbers stay what they were.
            ([.infinity, -.infinity], .f16, [0x00, 0x7C, 0x00, 0xFC]),
            ([-.infinity], .bf16, [0x80, 0xFF]),
            ([], .f16, []),
        ] as [([Float], DType, [UInt8])]
    )
    func stores(values: [Float], dtype: DType, bytes: [UInt8]) throws {
        #expect(try storedBytes(values, as: dtype, named: "t") == bytes)
    }

    /// 65520 is half a step above the largest half; 0x7F7FFFFF rounds up in its upper 16 bits.
    @Test(
        "finite numbers never become infinite",
        arguments: [
            (Float(65520), DType.f16), (-70000, .f16), (.greatestFiniteMagnitude, .bf16),
            (-.greatestFiniteMagnitude, .bf16),
        ]
    )
    func refusesOverflow(value: Float, dtype: DType) {
        #expect(throws: StorageError.overflow(tensor: "t", value: value, dtype: dtype)) {
            try storedBytes([0, value], as: dtype, named: "t")
        }
    }

    @Test("floats are not written as integers", arguments: [DType.i32, .u8, .bool, .f64])
    func refusesOtherTypes(dtype: DType) {
        #expect(throws: StorageError.type(dtype)) { try storedBytes([1], as: dtype, named: "t") }
    }

    /// One tensor of each kind, and the type it must have when bf16 is asked for.
    @Test(
        "integers keep their type and bytes in every conversion",
        arguments: [ConversionOptions.Target.safetensors, .dense]
    )
    func keepsIntegers(target: ConversionOptions.Target) async throws {
        try await withModels { place in
            var tensors = try storedTensors(inFile: joined(place.model, "model.safetensors"))
            let buffers: [String: StoredTensor] = [
                "counter": StoredTensor(dtype: "I64", shape: [2], bytes: Array(0..<16)),
                "mask": StoredTensor(dtype: "BOOL", shape: [3], bytes: [1, 0, 1]),
                // No layer is quantized here: endings alone do not make a tensor part of one.
                "audio.codes": StoredTensor(dtype: "U8", shape: [2], bytes: [7, 9]),
                "vision.scales": StoredTensor(dtype: "I32", shape: [1], bytes: [1, 2, 3, 4]),
            ]
            tensors.merge(buffers) { _, new in new }
            try write(["model.safetensors": safetensors(tensors)], to: place.model)
            _ = try convert(
                OpenModel(place.model),
                to: place.output,
                ConversionOptions(target: target, dtype: .bf16)
            )
            let found = try storedTensors(inFile: joined(place.output, "model.safetensors"))
            #expect(Set(found.keys) == Set(tensors.keys))
            for (name, tensor) in found {
                if let buffer = buffers[name] {
                    #expect(tensor == buffer)
                } else {
                    #expect(tensor.dtype == "BF16", "\(name)")
                }
            }
        }
    }

    @Test("codes, codebooks and scales keep what they are; the rest gets the type asked for")
    func keepsLayers() async throws {
        try await withModels { place in
            let before = try storedTensors(inFile: joined(place.folded, "model.safetensors"))
            _ = try convert(
                OpenModel(place.folded),
                to: place.output,
                ConversionOptions(target: .safetensors, dtype: .f32)
            )
            let after = try storedTensors(inFile: joined(place.output, "model.safetensors"))
            #expect(Set(after.keys) == Set(before.keys))
            for (name, tensor) in after {
                let isLayer = [".codes", ".codebooks", ".scales"].contains(where: name.hasSuffix)
                if isLayer {
                    #expect(tensor == before[name], "\(name)")
                } else {
                    #expect(tensor.dtype == "F32", "\(name)")
                }
            }
            #expect(try OpenModel(place.output).scheme == OpenModel(place.folded).scheme)
        }
    }
}
