import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite("Files beside the weights")
struct SideFileTests {
    /// The table of docs/side-files.md, and names that only look alike.
    @Test(
        arguments: [
            "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model",
            "vocab.json", "merges.txt", "special_tokens_map.json", "added_tokens.json",
            "chat_template.jinja", "chat_template.json", "preprocessor_config.json", "LICENSE",
            "LICENSE.txt", "License.md", "licence", "LICENSE-MODEL", "NOTICE", "Notice.txt",
            "USE_POLICY.md", "COPYING",
        ].map { ($0, true) }
            + [
                "README.md", "config.json", "modeling_llama.py", "pytorch_model.bin",
                "model.gguf", "LICENSE.py", "LICENSE.safetensors", "NOTICE.bin", "MY_LICENSE",
                "tokenizer.json.bak", "training_args.bin", ".gitattributes",
            ].map { ($0, false) }
    )
    func areToldByName(name: String, isOne: Bool) {
        #expect(isSideFile(name) == isOne)
    }

    @Test("a folder of such a name is none")
    func readsFilesAlone() async throws {
        try await withTemporaryDirectory { directory in
            let sound = fixture("aqlm/sound")
            for name in ["config.json", "model.safetensors"] {
                try AtomicFile.write(readFile(joined(sound, name)), to: joined(directory, name))
            }
            try makeDirectory(directory + "/LICENSE")
            try AtomicFile.write("be kind", to: directory + "/NOTICE")
            let checkpoint = try Checkpoint(directory)
            #expect(checkpoint.sideFiles.map(\.name) == ["NOTICE"])
            #expect(try checkpoint.sideFiles.first?.bytes() == Array("be kind".utf8))
        }
    }
}
