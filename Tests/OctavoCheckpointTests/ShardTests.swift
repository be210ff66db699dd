import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// Shards without an index, and matrices that have one name of two.
@Suite
struct ShardTests {
    /// Writes a safetensors file of one byte for each name.
    private func write(_ file: String, _ tensors: [String], in directory: String) throws {
        let plans = try tensors.map {
            try #require(TensorPlan(name: $0, dtype: .u8, shape: [1]))
        }
        var writer = try SafetensorsWriter(directory + "/" + file, tensors: plans)
        while writer.next != nil { try writer.write([UInt8(7)]) }
        _ = try writer.finish()
    }

    /// Files beside a config.json, by what they hold; and the tensors they make, or their error.
    @Test(
        arguments: [
            (["model-00001-of-00001": ["a"]], .success(["a"])),
            (
                ["model-00001-of-00002": ["a"], "model-00002-of-00002": ["b"]],
                .success(["a", "b"])
            ),
            (
                ["model-00001-of-00002": ["a"]],
                .failure(.missingShard("model-00002-of-00002.safetensors"))
            ),
            (
                ["model-00002-of-00002": ["a"], "model-00003-of-00002": ["b"]],
                .failure(.missingShard("model-00001-of-00002.safetensors"))
            ),
            (
                ["model-00001-of-00001": ["a"], "model-00001-of-00002": ["b"]],
                .failure(.strayShard("model-00001-of-00002.safetensors"))
            ),
            (
                ["model-00000-of-00000": ["a"]],
                .failure(.missingShard("model-00001-of-00000.safetensors"))
            ),
            (
                ["model-00001-of-00002": ["a"], "model-00002-of-00002": ["b", "a"]],
                .failure(.tensorTwice("a", shard: "model-00002-of-00002.safetensors"))
            ),
            // One file that is whole precedes what else is there.
            (["model": ["w"], "model-00001-of-00002": ["a"]], .success(["w"])),
        ] as [([String: [String]], Result<[String], ShardIndexError>)]
    )
    func shardsWithoutAnIndex(
        _ files: [String: [String]],
        _ expected: Result<[String], ShardIndexError>
    ) async throws {
        try await withTemporaryDirectory { directory in
            _ = try writeText("{}", to: directory, name: "config.json")
            for (name, tensors) in files {
                try write(name + ".safetensors", tensors, in: directory)
            }
            switch expected {
            case .success(let names):
                #expect(try Checkpoint(directory).tensors.map(\.name) == names)
            case .failure(let error):
                #expect(throws: CheckpointError.shardIndex(error)) { try Checkpoint(directory) }
            }
        }
    }

    @Test
    func anotherFormatsShardsAreNoneOfOurs() {
        let (ours, theirs) = (WeightFileNames.safetensors, WeightFileNames.pytorch)
        #expect(ours.shardCount("model-00001-of-00012.safetensors") == 12)
        #expect(theirs.shardCount("pytorch_model-00001-of-00012.bin") == 12)
        for name in [
            "model-00001-of-00012.bin", "model-1-of-2.safetensors", "model-00001-of-00002",
            "my-model-00001-of-00002.safetensors", "model-00001-of-00002.safetensors.tmp",
        ] {
            #expect(ours.shardCount(name) == nil, "\(name)")
            #expect(theirs.shardCount(name) == nil, "\(name)")
        }
        #expect(theirs.index == "pytorch_model.bin.index.json")
    }

    /// A tied matrix may be saved as the head; what is there twice stays so.
    @Test(arguments: [
        (["lm_head.weight"], ["model.embed_tokens.weight"]),
        (["model.embed_tokens.weight"], ["model.embed_tokens.weight"]),
        (
            ["lm_head.weight", "model.embed_tokens.weight"],
            ["lm_head.weight", "model.embed_tokens.weight"]
        ),
    ])
    func aTiedMatrixIsTheEmbedding(_ saved: [String], _ expected: [String]) async throws {
        try await withTemporaryDirectory { directory in
            _ = try writeText("{}", to: directory, name: "config.json")
            try write("model.safetensors", saved, in: directory)
            let checkpoint = try Checkpoint(directory)
            #expect(checkpoint.tensors.map(\.name) == expected)
            #expect(try checkpoint.floats(named: "model.embed_tokens.weight") == [7])
        }
    }

    /// The same storage under both names is one tensor where the configuration ties them.
    @Test(arguments: [(#"{"tie_word_embeddings": true}"#, 1), ("{}", 2)])
    func aSharedStorageIsOneMatrix(_ config: String, _ count: Int) async throws {
        try await withTemporaryDirectory { directory in
            _ = try writeText(config, to: directory, name: "config.json")
            try AtomicFile.write(
                readFile(fixture("pytorch/tied.bin")),
                to: directory + "/pytorch_model.bin"
            )
            let checkpoint = try Checkpoint(directory)
            #expect(checkpoint.tensors.count == count)
            #expect(checkpoint.tensors.first?.name == "model.embed_tokens.weight")
        }
    }
}
