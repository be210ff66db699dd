import Glibc
import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite
struct CheckpointTests {
    /// Every tensor of the golden models, against what PyPI's safetensors and NumPy read.
    @Test(.enabled(if: Shared.isHere))
    func goldenModelsReadAsElsewhere() throws {
        let models = try #require(JSON(parsing: try readFile(fixture("golden.json"))).object)
        #expect(models.count == 11)
        for (name, expected) in models {
            let checkpoint = try Checkpoint(Shared.path("golden/models/\(name)"))
            let tensors = checkpoint.tensors.sorted { precedes($0.name, $1.name) }
            #expect(expected["tensors"] == .integer(tensors.count))
            for (key, tensor) in [("first", tensors.first), ("last", tensors.last)] {
                let description = try #require(expected[key])
                #expect(tensor?.name == description["name"]?.string)
                #expect(tensor?.type.name == description["dtype"]?.string)
                #expect(tensor?.shape == (try description.shape("shape")))
            }
            let hasher = ContentHasher(.sha256)
            for tensor in tensors {
                let values = try tensor.floats()
                #expect(values.count == elementCount(of: tensor.shape))
                #expect(allFinite(values))
                hasher.update(values)
            }
            #expect(Digest(finishing: hasher).hex == expected["sha256"]?.string, "\(name)")
            #expect(checkpoint.config["model_type"]?.string != nil)
            #expect(checkpoint.sideFiles.map(\.name) == ["generation_config.json"])
        }
    }

    @Test
    func integersOfEveryWidthDecode() {
        let bytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x80]
        let cases: [(DType, [Float], [Int32]?)] = [
            (.i8, [-1, -1, -1, -1, 0, 0, 0, -128], [-1, -1, -1, -1, 0, 0, 0, -128]),
            (.u8, [255, 255, 255, 255, 0, 0, 0, 128], [255, 255, 255, 255, 0, 0, 0, 128]),
            (.i16, [-1, -1, 0, -32768], [-1, -1, 0, -32768]),
            (.u16, [65535, 65535, 0, 32768], [65535, 65535, 0, 32768]),
            (.i32, [-1, -0x1p31], [-1, .min]),
            (.u32, [0x1p32, 0x1p31], nil),
            (.i64, [-0x1p63], nil),
            (.u64, [0x1p63], nil),
        ]
        for (dtype, floats, integers) in cases {
            #expect(decodeFloats(bytes.span.bytes, as: dtype) == floats, "\(dtype)")
            #expect(decodeIntegers(bytes.span.bytes, as: dtype) == integers, "\(dtype)")
        }
        let doubles: [Double] = [0.1, 1e300]
        #expect(decodeFloats(doubles.span.bytes, as: .f64) == [0.1, .infinity])
        for dtype in [DType.c64, .f4, .f6e2m3, .f6e3m2] {
            #expect(decodeFloats(bytes.span.bytes, as: dtype) == nil)
        }
    }

    @Test(
        arguments: [
            ([], true), ([0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude], true),
            ([1, .infinity], false), ([-.infinity, 1], false), ([1, 2, .nan], false),
            ([-.nan], false),
        ] as [([Float], Bool)]
    )
    func specialValuesAreFound(_ values: [Float], _ isFinite: Bool) {
        #expect(allFinite(values) == isFinite)
    }

    /// A change to a sound sharded model, and the error it must give.
    @Test(arguments: [
        ("no metadata", ShardIndexError.badForm("the index has no object \"metadata\"")),
        ("no map", .badForm("the index has no object \"weight_map\"")),
        ("file is a number", .badForm("the index gives no file name for tensor \"t0\"")),
        ("../x.safetensors", .badFileName("../x.safetensors", suffix: ".safetensors")),
        ("/x.safetensors", .badFileName("/x.safetensors", suffix: ".safetensors")),
        ("config.json", .badFileName("config.json", suffix: ".safetensors")),
        ("absent.safetensors", .missingShard("absent.safetensors")),
        ("tensor nowhere", .missingTensor("t9", shard: "model-00002-of-00002.safetensors")),
        ("tensor elsewhere", .missingTensor("t0", shard: "model-00002-of-00002.safetensors")),
        ("tensor unmapped", .strayTensor("t0", shard: "model-00001-of-00002.safetensors")),
        ("stray shard", .strayShard("model-00003-of-00003.safetensors")),
        ("wrong size", .wrongTotalSize(found: "7", expected: 6)),
    ])
    func aLyingIndexIsRefused(_ change: String, _ error: ShardIndexError) async throws {
        try await withTemporaryDirectory { directory in
            let plans = try (0..<2).map {
                try #require(TensorPlan(name: "t\($0)", dtype: .u8, shape: [3]))
            }
            _ = try writeSafetensors(plans, to: directory, maxShardSize: 3) { _, writer in
                let bytes: [UInt8] = [1, 2, 3]
                try writer.write(bytes)
            }
            _ = try writeText("{}", to: directory, name: "config.json")
            #expect(try Checkpoint(directory).tensors.count == 2)

            var index = try #require(
                JSON(parsing: try readFile(directory + "/" + ShardIndex.fileName)).object
            )
            var map = try #require(index["weight_map"]?.object)
            switch change {
            case "no metadata": index["metadata"] = nil
            case "no map": break
            case "file is a number": map["t0"] = 1
            case "tensor nowhere": map["t9"] = map["t1"]
            case "tensor elsewhere": map["t0"] = map["t1"]
            case "tensor unmapped":
                map["x"] = map["t0"]
                map["t0"] = nil
            case "stray shard":
                _ = try writeText("", to: directory, name: "model-00003-of-00003.safetensors")
            case "wrong size": index["metadata"] = .object(["total_size": 7])
            default: map["t0"] = .string(change)
            }
            index["weight_map"] = change == "no map" ? nil : .object(map)
            _ = try writeText(JSON.object(index).text(), to: directory, name: ShardIndex.fileName)
            #expect(throws: CheckpointError.shardIndex(error)) { try Checkpoint(directory) }
        }
    }

    /// Two tensors, and two shards, whose names Swift holds equal.
    @Test
    func namesAreToldApartByTheirBytes() async throws {
        try await withTemporaryDirectory { directory in
            let names = ["\u{E9}", "e\u{301}"]
            func writeIndex(_ map: JSON) throws {
                let index = JSON.object(["metadata": .object([:]), "weight_map": map])
                _ = try writeText(index.text(), to: directory, name: ShardIndex.fileName)
            }
            for (value, name) in names.enumerated() {
                let plan = try #require(TensorPlan(name: name, dtype: .u8, shape: [1]))
                let path = "\(directory)/\(name).safetensors"
                var writer = try SafetensorsWriter(path, tensors: [plan])
                let bytes = [UInt8(value)]
                try writer.write(bytes)
                _ = try writer.finish()
            }
            _ = try writeText("{}", to: directory, name: "config.json")
            let files = names.map { JSON.string($0 + ".safetensors") }
            try writeIndex(.object([names[0]: files[0], names[1]: files[1]]))
            let checkpoint = try Checkpoint(directory)
            #expect(checkpoint.tensors.count == 2)
            #expect(try checkpoint.integers(named: names[0]) == [0])
            #expect(try checkpoint.integers(named: names[1]) == [1])

            try writeIndex(.object([names[0]: files[1], names[1]: files[0]]))
            #expect {
                try Checkpoint(directory)
            } throws: { error in
                if case CheckpointError.shardIndex(.strayTensor) = error { true } else { false }
            }
        }
    }

    /// Files of nothing but a hole, one byte longer than is read.
    @Test
    func filesThatAreTooLargeAreNotRead() async throws {
        try await withTemporaryDirectory { directory in
            let limits = [
                "config.json": 16_000_000, "tokenizer_config.json": 16_000_000,
                "tokenizer.json": 256_000_000,
            ]
            _ = try writeSafetensors([], to: directory) { _, _ in }
            for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
                _ = try writeText("{}", to: directory, name: name)
            }
            for file in try Checkpoint(directory).sideFiles {
                let limit = try #require(limits[file.name])
                #expect(try file.bytes().count == 2)
                #expect(truncate("\(directory)/\(file.name)", off_t(limit + 1)) == 0)
                let error = #expect(throws: FileError.self) { try file.bytes() }
                #expect(error?.code == EFBIG)
            }
            let config = directory + "/config.json"
            #expect(truncate(config, off_t(16_000_001)) == 0)
            #expect(throws: CheckpointError.file(FileError("read", config, code: EFBIG))) {
                try Checkpoint(directory)
            }
        }
    }

    @Test
    func whatIsNoModelIsNamed() async throws {
        try await withTemporaryDirectory { directory in
            #expect(throws: CheckpointError.notAModel(directory, found: [])) {
                try Checkpoint(directory)
            }
            _ = try writeText("x", to: directory, name: "tf_model.h5")
            #expect(throws: CheckpointError.notAModel(directory, found: ["tf_model.h5"])) {
                try Checkpoint(directory)
            }
            _ = try writeSafetensors([], to: directory) { _, _ in }
            #expect(throws: CheckpointError.missingConfig(directory: directory)) {
                try Checkpoint(directory)
            }
            _ = try writeText("{", to: directory, name: "config.json")
            #expect {
                try Checkpoint(directory)
            } throws: { error in
                if case CheckpointError.badJSON(file: "config.json", _) = error {
                    true
                } else {
                    false
                }
            }
            let absent = directory + "/absent.gguf"
            #expect {
                try Checkpoint(absent)
            } throws: { error in
                if case CheckpointError.file(let error) = error { error.isMissing } else { false }
            }
            let single = try Checkpoint(directory + "/model.safetensors")
            #expect(single.format == .safetensors)
            #expect(throws: CheckpointError.noSuchTensor("t")) { try single.floats(named: "t") }
        }
    }
}
