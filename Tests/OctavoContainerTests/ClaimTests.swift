import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoContainer

/// Containers whose header claims far more than they store: nothing is made room for that is not there.
@Suite
struct ClaimTests {
    /// A container of one file in one part, stored as given, whatever its header says of it.
    private func container(_ entry: PartEntry, _ stored: [UInt8]) -> [UInt8] {
        var leaves: [UInt8] = []
        for start in stride(from: 0, to: stored.count, by: MerkleTree.leafSize) {
            leaves += MerkleTree.leaf(
                Array(stored[start..<min(stored.count, start + MerkleTree.leafSize)])
            )
        }
        return container(headerText([("f", [entry])], leaves: leaves), leaves, stored)
    }

    /// A container of a header's text and its data.
    private func container(_ text: [UInt8], _ leaves: [UInt8], _ stored: [UInt8]) -> [UInt8] {
        var header = text
        // So that the part begins where the data does: it is aligned to pages.
        let length = (64 + header.count + 16383) / 16384 * 16384 - 64
        header += [UInt8](repeating: UInt8(ascii: " "), count: length - header.count)
        let unsigned = ContainerPreamble(
            headerLength: length,
            fileLength: 64 + length + stored.count,
            id: Digest(of: "")
        ).unsignedBytes
        let id = header.withRawBytes {
            MerkleTree.contentID(preamble: unsigned, header: $0, leaves: leaves)
        }
        return unsigned + id.bytes + header + stored
    }

    /// A TiB in 5 MB: blocks of a byte each, which is no frame, and a table that has all of them.
    private var tebibyte: [UInt8] {
        let blocks = 1 << 20
        let stored =
            [UInt8](repeating: 0, count: blocks)
            + [UInt32](repeating: 1, count: blocks).byteArray
        return container(
            PartEntry(
                encoding: .zstd,
                size: 1 << 40,
                length: stored.count,
                digest: Digest(of: "")
            ),
            stored
        )
    }

    @Test(
        "a file of a TiB is refused by its size where it is to be in memory, and by its first block else"
    )
    func claimsATebibyte() async throws {
        try await withContainer(tebibyte) { file in
            let container = try ContainerFile(file)
            let claimed = try #require(container.header["f"])
            #expect(claimed.size == 1 << 40)
            #expect(throws: FileError(tooLarge: "f")) {
                try container.bytes(of: claimed, limit: 1 << 30)
            }
            for read in [
                { _ = try container.bytes(of: claimed, limit: .max) },
                { _ = try container.bytes(0..<1 << 39, of: claimed.parts[0]) },
                { try container.verifyParts(threads: 2) },
            ] {
                let error = #expect(throws: ContainerError.self) { try read() }
                #expect(error?.rule == .block)
            }
        }
    }

    @Test("from afar as well: nothing is fetched of a part that is too large")
    func claimsFromAfar() async throws {
        let source = CountedRanges(tebibyte)
        let container = try await RemoteContainer(source)
        let fetched = source.fetched
        await #expect(throws: FileError.self) {
            try await container.contents(of: container.header.files, limit: 1 << 30)
        }
        #expect(source.fetched == fetched)
    }

    /// The entries of a codebook count, however few elements they stand for.
    @Test("a part that is stored in more bytes than it has is not fetched either")
    func claimsToBeStored() async throws {
        let encoding = PartEncoding.additive(codebooks: 1, bits: 8, group: 2)
        let tensor = ContainedTensor(name: "w", dtype: .f16, shape: [1, 2])
        let length = try #require(encoding.lengths(size: 4, tensor: tensor)).lowerBound
        let bytes = try written([
            ContainedFilePlan(
                path: "f",
                parts: [
                    PartPlan(.memory([])),
                    PartPlan(
                        .memory([0, 0, 0, 0]),
                        tensor: tensor,
                        form: .encoded(
                            LossyMatrix(
                                codebooks: [Float](repeating: 0, count: 512),
                                bits: 8,
                                group: 2,
                                scales: [0],
                                codes: [0]
                            )
                        )
                    ),
                ]
            )
        ])
        let container = try await RemoteContainer(CountedRanges(bytes))
        await #expect(throws: FileError.self) {
            try await container.contents(of: container.header.files, limit: length - 1)
        }
    }

    @Test("a header of more values than memory has room for is refused")
    func claimsValues() async throws {
        for (count, isSound) in [(3_900_000, true), (4_000_000, false)] {
            let text =
                "{\"files\":[],\"leaves\":\"\",\"requires\":[],\"x\":["
                + String(repeating: "0,", count: count - 1) + "0]}"
            try await withContainer(container(Array(text.utf8), [], [])) { file in
                var rule: ContainerRule?
                do throws(ContainerError) { _ = try ContainerFile(file) } catch {
                    rule = error.rule
                }
                #expect(rule == (isSound ? nil : .headerText))
            }
        }
    }

    @Test("headers that no reader would take are not written")
    func refusesLongHeaders() throws {
        let tensor = ContainedTensor(name: "w", dtype: .i8, shape: [1])
        #expect(throws: ContainerWriteError.self) {
            try written([
                ContainedFilePlan(
                    path: "m.safetensors",
                    parts: [
                        PartPlan(.memory([UInt8](repeating: 32, count: 100_000_009))),
                        PartPlan(.memory([0]), tensor: tensor),
                    ]
                )
            ])
        }
    }
}
