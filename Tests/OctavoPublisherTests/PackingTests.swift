import OctavoBase
import OctavoContainer
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Models in containers")
struct PackingTests {
    private let packing = ConversionOptions(target: .aqlm, threads: 2)

    /// Packs a folder, unpacks the container again, and returns what came out.
    private func roundTrip(_ folder: String, in place: Workplace) throws -> [String: [UInt8]] {
        let (packed, again) = (joined(place.path, "packed.aqlm"), joined(place.path, "again"))
        _ = try pack(OpenModel(folder), to: packed, packing)
        let names = try convert(
            OpenModel(packed),
            to: again,
            ConversionOptions(target: .safetensors)
        )
        let files = try contents(of: again)
        #expect(names.sorted() == files.keys.sorted())
        return files
    }

    @Test("every file of a dense model comes back as it was")
    func dense() async throws {
        try await withModels { place in
            let files = try roundTrip(place.model, in: place)
            #expect(try contents(of: place.model) == files)
        }
    }

    @Test("every file of a folded model comes back as it was, record and card included")
    func folded() async throws {
        try await withModels { place in
            let files = try roundTrip(place.folded, in: place)
            #expect(try contents(of: place.folded) == files)
        }
    }

    @Test("shards come back with their names and their index")
    func shards() async throws {
        try await withModels { place in
            let sharded = joined(place.path, "sharded")
            let options = ConversionOptions(target: .safetensors, maxShardSize: 20_000)
            _ = try convert(OpenModel(place.model), to: sharded, options)
            let files = try contents(of: sharded)
            #expect(files.keys.count { $0.hasSuffix(".safetensors") } > 1)
            let found = try roundTrip(sharded, in: place)
            #expect(found == files)
        }
    }

    @Test("what is there already, or is not named as a container, is refused")
    func refusesOutputs() async throws {
        try await withModels { place in
            let model = try OpenModel(place.model)
            for name in ["model", "packed.bin"] {
                let output = joined(place.path, name)
                #expect(throws: OutputError.suffix(output)) { try pack(model, to: output, packing) }
            }
            let output = joined(place.path, "there.aqlm")
            try AtomicFile.write("mine", to: output)
            #expect(throws: OutputError.exists(output)) { try pack(model, to: output, packing) }
            #expect(try readFile(output) == Array("mine".utf8))
        }
    }

    @Test("a container that was damaged unpacks to nothing", arguments: [1, 2, 3])
    func refusesDamage(quarter: Int) async throws {
        try await withModels { place in
            let packed = joined(place.path, "packed.aqlm")
            _ = try pack(OpenModel(place.folded), to: packed, packing)
            var bytes = try readFile(packed)
            bytes[bytes.count - 1 - (bytes.count / 4) * quarter / 2] ^= 1
            try removeAll(packed)
            try write(["packed.aqlm": bytes], to: place.path)
            let again = joined(place.path, "again")
            #expect(throws: (any Error).self) {
                try convert(OpenModel(packed), to: again, ConversionOptions(target: .safetensors))
            }
            #expect(fileKind(again) == nil)
        }
    }
}
