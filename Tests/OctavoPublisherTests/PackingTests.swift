import OctavoBase
import OctavoCheckpoint
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

    @Test("packed to be mapped, every file comes back as it was", arguments: [true, false])
    func mapped(isFolded: Bool) async throws {
        try await withModels { place in
            let folder = isFolded ? place.folded : place.model
            let (packed, again) = (joined(place.path, "m.aqlm"), joined(place.path, "again"))
            var options = packing
            options.isMapped = true
            let summary = try pack(OpenModel(folder), to: packed, options)
            let model = try OpenModel(packed)
            let container = try #require(model.container)
            #expect(container.header.isMapped)
            #expect(summary.storedBytes.keys.contains("columns") == isFolded)
            _ = try unpack(container, to: again, threads: 2)
            #expect(try contents(of: again) == contents(of: folder))
            // What reads a model reads the same of it.
            for tensor in try OpenModel(folder).checkpoint.tensors {
                let found = try model.checkpoint.tensor(named: tensor.name)
                let (bytes, expected) = try (
                    found.withBytes { $0.array }, tensor.withBytes { $0.array }
                )
                #expect(bytes == expected, "\(tensor.name)")
                let isCodes = tensor.name.hasSuffix(".codes")
                #expect(found.mapped.map { $0.bytes.array } == (isCodes ? nil : expected))
                let columns = found.mappedColumns.map { $0.bytes.array }
                #expect((columns != nil) == isCodes)
                guard isCodes, let columns else { continue }
                let (rows, codes) = (tensor.shape[0], tensor.shape[1] * tensor.shape[2])
                for (place, byte) in columns.enumerated() {
                    #expect(byte == expected[place % rows * codes + place / rows])
                }
                #expect(columns.count == rows * codes)
            }
        }
    }

    @Test("a container becomes one to be mapped, and such a one stays what it is")
    func mappedAgain() async throws {
        try await withModels { place in
            func path(_ name: String) -> String { joined(place.path, name + ".aqlm") }
            var options = packing
            options.isMapped = true
            _ = try pack(OpenModel(place.folded), to: path("small"), packing)
            _ = try pack(OpenModel(place.folded), to: path("mapped"), options)
            _ = try pack(OpenModel(path("small")), to: path("again"), options)
            _ = try pack(OpenModel(path("mapped")), to: path("copy"), options)
            _ = try pack(OpenModel(path("mapped")), to: path("kept"), packing)
            let mapped = try readFile(path("mapped"))
            #expect(try readFile(path("small")) != mapped)
            for name in ["again", "copy", "kept"] {
                #expect(try readFile(path(name)) == mapped, "\(name)")
            }
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
