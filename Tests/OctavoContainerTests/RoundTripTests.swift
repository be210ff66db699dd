import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoContainer

/// What goes into a container comes out of it, byte for byte, whatever it is stored as.
@Suite
struct RoundTripTests {
    private static func numbers(_ count: Int, _ make: (inout SeededGenerator) -> UInt16) -> [UInt8]
    {
        var generator = SeededGenerator(seed: 3)
        return (0..<count).map { _ in make(&generator) }.byteArray
    }

    @Test("codes of every number of bits", arguments: 1...16)
    func codes(bits: Int) async throws {
        let unused = 16 - bits
        let wide = Self.numbers(1_200_003) {
            UInt16(bitPattern: (Int16(truncatingIfNeeded: $0.next()) << unused) >> unused)
        }
        let tensor = ContainedTensor(name: "c", dtype: .i16, shape: [1_200_003])
        let file = tensorFile("m.safetensors", [(tensor, wide, .lossless(codeBits: bits))])
        try await check(file, encoding: bits < 16 ? .bits(bits) : .raw)
        // A code that is not sign-extended must come back as it is.
        guard bits < 16 else { return }
        let odd = wide.dropLast(2) + [0, 0x7F]
        let other = tensorFile("m.safetensors", [(tensor, Array(odd), .lossless(codeBits: bits))])
        try await check(other, encoding: .raw)
    }

    @Test("brain floats of few exponents take less")
    func planes() async throws {
        let values = Self.numbers(700_001) {
            UInt16(0x3C00 + $0.next() % 0x400) | UInt16($0.next() % 2) << 15
        }
        let tensor = ContainedTensor(name: "w", dtype: .bf16, shape: [700_001])
        try await check(
            tensorFile("m.safetensors", [(tensor, values, .lossless(codeBits: nil))]),
            encoding: .planes
        )
    }

    @Test("halves that groups of integers give exactly", arguments: [1, 30_000])
    func exactIntegers(groups: Int) async throws {
        var generator = SeededGenerator(seed: 4)
        var values: [UInt16] = []
        for _ in 0..<groups {
            let scale = Half.widen(Half.narrow(Float(generator.nextUnit() * 0.01 + 0.001)))
            for i in 0..<32 {
                let number = i == 7 ? 127 : Float(Int(generator.next() % 255) - 127)
                values.append(Half.narrow(scale * number))
            }
        }
        let tensor = ContainedTensor(name: "w", dtype: .f16, shape: [groups, 32])
        try await check(
            tensorFile("m.safetensors", [(tensor, values.byteArray, .lossless(codeBits: nil))]),
            encoding: .int8(group: 32)
        )
    }

    @Test("noise stays as it is")
    func noise() async throws {
        let values = Self.numbers(600_000) { UInt16(truncatingIfNeeded: $0.next()) }
        let tensor = ContainedTensor(name: "w", dtype: .f16, shape: [600_000])
        try await check(
            tensorFile("m.safetensors", [(tensor, values, .lossless(codeBits: nil))]),
            encoding: .raw
        )
    }

    @Test("the bytes do not depend on the number of threads")
    func threads() throws {
        let values = Self.numbers(3_000_000) { UInt16(0x3C00 + $0.next() % 0x400) }
        let tensor = ContainedTensor(name: "w", dtype: .bf16, shape: [3_000_000])
        let file = tensorFile("m.safetensors", [(tensor, values, .lossless(codeBits: nil))])
        let alone = try written([file.plan], threads: 1)
        #expect(try alone == written([file.plan], threads: 3))
    }

    @Test("a container is read by ranges, of which opening takes the header alone")
    func ranges() async throws {
        let values = Self.numbers(3_000_000) { UInt16(truncatingIfNeeded: $0.next()) }
        let tensor = ContainedTensor(name: "w", dtype: .f16, shape: [3_000_000])
        let file = tensorFile("m.safetensors", [(tensor, values, .lossless(codeBits: nil))])
        let source = CountedRanges(try written([file.plan]))
        let container = try await RemoteContainer(source)
        #expect(source.fetched == container.preamble.dataStart)
        let contained = try #require(container.header["m.safetensors"])
        let limit = values.count
        #expect(try await container.bytes(of: [contained.parts[1]], limit: limit) == [values])
        let fetched = source.fetched
        // Parts that lie in the same MiBs come with them; what is claimed beyond the limit is not fetched.
        _ = try await container.contents(of: [contained], limit: limit + 1000)
        #expect(source.fetched - fetched < file.bytes.count + 2 << 20)
        await #expect(throws: FileError.self) {
            try await container.bytes(of: contained.parts, limit: limit)
        }
        source.bytes[container.preamble.dataStart + 1_500_000] ^= 1
        await #expect(throws: ContainerError.self) {
            try await container.bytes(of: [contained.parts[1]], limit: limit)
        }
    }

    private func check(
        _ file: (plan: ContainedFilePlan, bytes: [UInt8]),
        encoding: PartEncoding
    ) async throws {
        try await withContainer(written([file.plan])) { mapped in
            let container = try ContainerFile(mapped)
            let contained = try #require(container.header[file.plan.path])
            #expect(contained.parts.last?.encoding == encoding)
            let found = try container.bytes(of: contained, limit: file.bytes.count)
            #expect(found == file.bytes)
            if let part = contained.parts.last, part.size > 0 {
                for range in [0..<1, part.size - 1..<part.size, part.size / 3..<part.size / 2] {
                    let some = try container.bytes(range, of: part)
                    #expect(
                        some[...]
                            == file.bytes.suffix(part.size).dropFirst(range.lowerBound).prefix(
                                range.count
                            )
                    )
                }
            }
            try container.verifyBytes(threads: 2)
            try container.verifyParts(threads: 2)
        }
    }
}
