import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite
struct SafetensorsWriterTests {
    /// Files of PyPI's safetensors, the inputs of the reference writer's own tests among them.
    @Test
    func bytesAreThoseOfTheReferenceWriter() async throws {
        for item in try fixtureItems("writer.json") {
            try await withTemporaryDirectory { directory in
                var values: [String: [UInt8]] = [:]
                var plans: [TensorPlan] = []
                for tensor in try item.array("tensors") {
                    let dtype = try #require(DType(rawValue: try tensor.string("dtype")))
                    let name = try tensor.string("name")
                    values[name] = try tensor.bytes("bytes")
                    plans.append(
                        try #require(
                            TensorPlan(name: name, dtype: dtype, shape: try tensor.shape("shape"))
                        )
                    )
                }
                var metadata: [String: String] = [:]
                for (key, value) in try item.object("metadata") { metadata[key] = value.string }
                let path = directory + "/out.safetensors"
                var writer = try SafetensorsWriter(
                    path,
                    tensors: plans.shuffled(),
                    metadata: metadata
                )
                while let plan = writer.next {
                    let value = try #require(values[plan.name])
                    try writer.write(value)
                }
                let record = try writer.finish()

                let bytes = try readFile(path)
                let expected = try item.bytes("file")
                #expect(bytes == expected, "\(item["case"] ?? .null)")
                #expect(record.size == expected.count)
                #expect(record.digest == Digest(of: expected))
                for tensor in record.tensors {
                    let value = try #require(values[tensor.plan.name])
                    #expect(tensor.digest == Digest(of: value))
                }
                // What the reference writer wrote must also read as what it was given.
                let file = try SafetensorsFile(try MappedFile(path))
                #expect(file.metadata == metadata)
                #expect(file.tensors.count == plans.count)
                for tensor in file.tensors {
                    #expect(file.bytes(of: tensor).array == values[tensor.name])
                }
            }
        }
    }

    @Test
    func piecesAddUpAndMistakesLeaveNothingBehind() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/out.safetensors"
            let plans = [
                try #require(TensorPlan(name: "a", dtype: .u8, shape: [3])),
                try #require(TensorPlan(name: "b", dtype: .u8, shape: [2])),
            ]
            func write(_ pieces: [[UInt8]]) throws -> WrittenFile {
                var writer = try SafetensorsWriter(path, tensors: plans)
                for piece in pieces { try writer.write(piece) }
                return try writer.finish()
            }
            #expect(throws: SafetensorsWriteError.tooFewBytes(tensor: "a", found: 2, expected: 3)) {
                try write([[1, 2]])
            }
            #expect(throws: SafetensorsWriteError.tooFewBytes(tensor: "b", found: 0, expected: 2)) {
                try write([[1, 2, 3]])
            }
            #expect(throws: SafetensorsWriteError.tooManyBytes(after: "a")) {
                try write([[1, 2, 3, 4]])
            }
            #expect(throws: SafetensorsWriteError.tooManyBytes(after: "b")) {
                try write([[1, 2, 3], [4, 5], [6]])
            }
            #expect(throws: SafetensorsWriteError.duplicateTensor("a")) {
                _ = try SafetensorsWriter(path, tensors: plans + plans)
            }
            #expect(try directoryEntries(directory) == [])
            let record = try write([[1], [], [2, 3], [4, 5]])
            #expect(record.name == "out.safetensors")
            #expect(
                record.tensors.map(\.digest) == [
                    Digest(of: "\u{1}\u{2}\u{3}"),
                    Digest(of: "\u{4}\u{5}"),
                ]
            )
            #expect(try directoryEntries(directory) == ["out.safetensors"])
        }
    }

    @Test
    func shardsAreFilledAsHuggingFaceHubFillsThem() throws {
        for item in try fixtureItems("shards.json") {
            let plans = try item.shape("sizes").enumerated().map {
                try #require(TensorPlan(name: "t\($0)", dtype: .u8, shape: [$1]))
            }
            let shards = shardPlans(plans, maxShardSize: try #require(item["limit"]?.integer))
            let files = try item.object("files")
            #expect(shards.count == files.count)
            for (index, shard) in shards.enumerated() {
                let name = WeightFileNames.safetensors.file(index + 1, of: shards.count)
                let expected = files[name]?.array?.compactMap(\.string)
                #expect(shard.map(\.name) == expected)
            }
        }
    }

    @Test
    func aShardedModelReadsBack() async throws {
        try await withTemporaryDirectory { directory in
            let plans = try (0..<5).map {
                try #require(TensorPlan(name: "t\($0)", dtype: .u16, shape: [3]))
            }
            let files = try writeSafetensors(plans, to: directory, maxShardSize: 12) {
                plan,
                writer in
                let values = [UInt16](repeating: UInt16(plan.name.utf8.last ?? 0), count: 3)
                try writer.write(values.byteArray)
            }
            let names = (1...3).map { "model-0000\($0)-of-00003.safetensors" }
            #expect(files.map(\.name) == names + ["model.safetensors.index.json"])
            let index = String(
                decoding: try readFile(directory + "/model.safetensors.index.json"),
                as: UTF8.self
            )
            #expect(
                index == """
                    {
                      "metadata": {
                        "total_size": 30
                      },
                      "weight_map": {
                        "t0": "\(names[0])",
                        "t1": "\(names[0])",
                        "t2": "\(names[1])",
                        "t3": "\(names[1])",
                        "t4": "\(names[2])"
                      }
                    }

                    """
            )
            _ = try writeText("{}", to: directory, name: "config.json")
            let checkpoint = try Checkpoint(directory)
            #expect(checkpoint.tensors.map(\.name) == plans.map(\.name))
            #expect(try checkpoint.integers(named: "t3") == [51, 51, 51])
        }
    }

    @Test
    func oneShardNeedsNoIndex() async throws {
        try await withTemporaryDirectory { directory in
            let plan = try #require(TensorPlan(name: "t", dtype: .u8, shape: [3]))
            let files = try writeSafetensors([plan], to: directory) { _, writer in
                let bytes: [UInt8] = [1, 2, 3]
                try writer.write(bytes)
            }
            #expect(files.map(\.name) == ["model.safetensors"])
            #expect(try directoryEntries(directory) == ["model.safetensors"])
        }
    }
}
