import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoContainer

/// Tensors with their first dimension last, as kernels take codes where a container is mapped.
@Suite
struct ColumnsTests {
    private static func codes(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 9)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    private static func file(
        _ shape: [Int],
        dtype: DType = .i8,
        form: PartPlan.Form = .ready(.columns)
    ) -> (plan: ContainedFilePlan, bytes: [UInt8]) {
        let tensor = ContainedTensor(name: "codes", dtype: dtype, shape: shape)
        let count = shape.reduce(dtype.bits / 8, *)
        return tensorFile("m.safetensors", [(tensor, codes(count), form)])
    }

    /// Within one piece and over several, whose ends lie within rows; one row, one column, none.
    private static let shapes = [
        [2, 3, 2], [64, 16, 2], [1, 700, 3], [700, 1, 1], [333, 37, 2], [1031, 515, 2],
        [3, 400_000, 1], [1_400_000, 1, 1], [5, 0, 2], [0, 4, 2],
    ]

    @Test(
        "an element is stored where the page says, and comes back where it was",
        arguments: shapes
    )
    func roundTrip(_ shape: [Int]) async throws {
        let file = Self.file(shape)
        let bytes = try written([file.plan])
        #expect(try bytes == written([file.plan], threads: 1))
        let (rows, codes) = (shape[0], shape[1] * shape[2])
        try await withContainer(bytes) { mapped in
            let container = try ContainerFile(mapped)
            let contained = try #require(container.header["m.safetensors"])
            let part = try #require(contained.parts.last)
            #expect(part.encoding == .columns)
            #expect(container.header.isMapped)
            let content = Array(file.bytes.suffix(part.size))
            let stored = Array(bytes[part.stored])
            #expect(stored.count == content.count)
            var differences = 0
            for row in 0..<rows {
                for code in 0..<codes where stored[code * rows + row] != content[row * codes + code]
                {
                    differences += 1
                }
            }
            #expect(differences == 0)
            #expect(try container.bytes(of: contained, limit: file.bytes.count) == file.bytes)
            let third = part.size / 3
            for range in [0..<min(1, part.size), third..<2 * third, third..<part.size] {
                #expect(try container.bytes(range, of: part)[...] == content[range])
            }
            try container.verifyBytes(threads: 2)
            try container.verifyParts(threads: 2)
            let remote = try await RemoteContainer(CountedRanges(bytes))
            #expect(try await remote.bytes(of: [part], limit: part.size) == [content])
        }
    }

    @Test(
        "a container without columns requires nothing, one with them requires them in version 1.1"
    )
    func requires() throws {
        for (form, minor, requirement) in [
            (PartPlan.Form.ready(.columns), UInt8(1), "\"requires\":[\"columns\"]}"),
            (.ready(.raw), 0, "\"requires\":[]}"),
            (.lossless(codeBits: 8), 0, "\"requires\":[]}"),
        ] {
            let bytes = try written([Self.file([4, 3, 2], form: form).plan])
            #expect(bytes[10] == minor && bytes[11] == 0)
            let text = String(decoding: bytes.dropFirst(64).prefix(4096), as: UTF8.self)
            #expect(text.contains(requirement))
        }
    }

    @Test("what is to be mapped is stored as it is, however small it could be")
    func staysRaw() async throws {
        let tensor = ContainedTensor(name: "w", dtype: .bf16, shape: [600_000])
        let zeros = [UInt8](repeating: 0, count: 1_200_000)
        for count in [600_000, 100] {
            let tensor = ContainedTensor(name: tensor.name, dtype: tensor.dtype, shape: [count])
            let file = tensorFile(
                "m.safetensors",
                [(tensor, Array(zeros.prefix(2 * count)), .ready(.raw))]
            )
            try await withContainer(written([file.plan])) { mapped in
                let container = try ContainerFile(mapped)
                #expect(container.header.files[0].parts[1].encoding == .raw)
                #expect(container.header.isMapped)
                try container.verifyParts(threads: 2)
            }
            let smaller = tensorFile(
                "m.safetensors",
                [(tensor, Array(zeros.prefix(2 * count)), .lossless(codeBits: nil))]
            )
            try await withContainer(written([smaller.plan])) { mapped in
                let header = try ContainerFile(mapped).header
                #expect(!header.isMapped)
            }
        }
    }

    @Test("a plan of what cannot be columns, or is no encoding to map, is refused")
    func refusesPlans() {
        for (shape, dtype, form) in [
            ([4, 3, 2], DType.u8, PartPlan.Form.ready(.columns)),
            ([4, 3, 2], .i16, .ready(.columns)),
            ([4, 6], .i8, .ready(.columns)), ([4, 3, 2, 1], .i8, .ready(.columns)),
            ([4, 3, 2], .i8, .ready(.zstd)), ([4, 3, 2], .i8, .ready(.bits(4))),
        ] {
            let file = Self.file(shape, dtype: dtype, form: form)
            #expect(throws: ContainerWriteError.self) { try written([file.plan]) }
        }
        // A tensor of another size than its bytes.
        let tensor = ContainedTensor(name: "codes", dtype: .i8, shape: [4, 3, 3])
        let short = tensorFile("m.safetensors", [(tensor, Self.codes(24), .ready(.columns))])
        #expect(throws: ContainerWriteError.self) { try written([short.plan]) }
    }
}
