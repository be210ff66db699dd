import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoContainer

/// A sound container, spoilt in every way that disks and networks have: it is never accepted.
@Suite
struct DamageTests {
    private static func container() throws -> [UInt8] {
        var generator = SeededGenerator(seed: 6)
        let halves = (0..<2000).map { _ in Half.narrow(Float(generator.nextUnit() - 0.5)) }
            .byteArray
        let codes = (0..<999).map { _ in Int8(truncatingIfNeeded: generator.next() % 16) - 8 }
        let file = tensorFile(
            "model.safetensors",
            [
                (
                    ContainedTensor(name: "w", dtype: .f16, shape: [40, 50]), halves,
                    .lossless(codeBits: nil)
                ),
                (
                    ContainedTensor(name: "c", dtype: .i8, shape: [999]), codes.byteArray,
                    .lossless(codeBits: 4)
                ),
            ]
        )
        let text = Array(String(repeating: "all that is said of it. ", count: 40).utf8)
        return try written([
            ContainedFilePlan(path: "README.md", parts: [PartPlan(.memory(text))]), file.plan,
        ])
    }

    /// What opening and verifying say of bytes: nil if they are accepted.
    private func refusal(_ bytes: [UInt8], at path: String) throws -> ContainerError? {
        try AtomicFile.write(bytes, to: path)
        do {
            let container = try ContainerFile(MappedFile(path))
            try container.verifyBytes(threads: 1)
        } catch let error as ContainerError { return error }
        return nil
    }

    @Test("cut anywhere, it is refused")
    func cuts() async throws {
        let sound = try Self.container()
        try await withTemporaryDirectory { directory in
            let path = directory + "/c.aqlm"
            let error = try refusal(sound, at: path)
            #expect(error == nil)
            let container = try ContainerFile(MappedFile(path))
            let boundaries = container.header.files.flatMap(\.parts).flatMap {
                [$0.stored.lowerBound, $0.stored.upperBound]
            }
            var generator = SeededGenerator(seed: 1)
            let anywhere = (0..<1000).map { _ in Int(generator.next() % UInt64(sound.count)) }
            let whole = boundaries + [0, 32, 64, container.preamble.dataStart]
            for length in whole.filter({ $0 < sound.count }) + anywhere {
                let error = try refusal(Array(sound[..<length]), at: path)
                #expect(error != nil, "\(length)")
            }
        }
    }

    @Test("with any bit flipped, it is refused")
    func flips() async throws {
        let sound = try Self.container()
        try await withTemporaryDirectory { directory in
            let path = directory + "/c.aqlm"
            var generator = SeededGenerator(seed: 2)
            for _ in 0..<10_000 {
                var bytes = sound
                let bit = Int(generator.next() % UInt64(8 * sound.count))
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                let error = try refusal(bytes, at: path)
                #expect(error != nil, "bit \(bit)")
            }
        }
    }
}
