import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite("Tokenizers that are written into GGUF files")
struct GGUFVocabularyWritingTests {
    private func text(_ variant: String) throws -> String {
        String(
            decoding: try readFile(fixture("tokenizer/\(variant)/tokenizer.json")),
            as: UTF8.self
        )
    }

    private func vocabulary(
        _ variant: String,
        rows: Int = 700,
        configuration: JSON = .object(["bos_token": "<bot>", "eos_token": "<eot>"])
    ) throws -> GGUFVocabulary {
        try GGUFVocabulary(
            tokenizerJSON: try text(variant),
            configuration: configuration,
            rows: rows
        )
    }

    /// What a reader makes of the keys alone, without the original that goes along, against what PyPI's
    /// `tokenizers` made of texts with the original.
    @Test(
        "their keys alone say how text becomes tokens",
        arguments: [
            ("gpt2", "gpt-2"), ("llama3", "llama-bpe"), ("smollm", "smollm"), ("qwen2", "qwen2"),
            ("tekken", "tekken"), ("gpt4o", "gpt-4o"),
        ]
    )
    func keysSuffice(variant: String, pre: String) throws {
        var vocabulary = try vocabulary(variant)
        #expect(vocabulary.pre == pre)
        #expect(vocabulary.huggingFaceJSON == (try text(variant)))
        vocabulary.huggingFaceJSON = nil
        let original = try Tokenizer(json: JSON(parsing: Array(try text(variant).utf8)))
        let tokenizer = try vocabulary.tokenizer()
        let lines = try fixtureLines("tokenizer/\(variant)/cases.jsonl")
        let json = try JSON(parsing: Array(try text(variant).utf8))
        // GGUF does not say that a token takes the white space beside it, must stand alone, or is looked for
        // in text that is composed already.
        let flags =
            ["lstrip", "rstrip", "single_word"]
            + (json["normalizer"]?.object == nil ? [] : ["normalized"])
        let particular = (json["added_tokens"]?.array ?? []).filter { token in
            flags.contains { token[$0] == true }
        }.compactMap { $0["content"]?.string }
        var compared = 0
        for line in lines {
            let text = try line.string("text")
            // Byte by byte too: a letter with an accent behind it is another Character.
            guard
                !particular.contains(where: {
                    text.contains($0) || Array(text.utf8).firstRange(of: Array($0.utf8)) != nil
                })
            else { continue }
            let ids = try line.array("ids").compactMap(\.integer)
            #expect(try tokenizer.encode(text, addSpecialTokens: false) == ids, "\(text)")
            #expect(
                try tokenizer.encode(text, addSpecialTokens: true)
                    == original.encode(text, addSpecialTokens: true)
            )
            compared += 1
        }
        #expect(compared > 150)
    }

    @Test("their metadata are read back as what they were")
    func fieldsComeBack() async throws {
        try await withTemporaryDirectory { directory in
            for variant in ["llama3"] {
                let vocabulary = try vocabulary(
                    variant,
                    configuration: .object([
                        "bos_token": "<bot>", "eos_token": "<eot>", "chat_template": "{{ x }}",
                    ])
                )
                let path = directory + "/\(variant).gguf"
                try GGUFWriter(path, metadata: vocabulary.fields, tensors: []).finish()
                let metadata = try GGUFFile(MappedFile(path)).metadata
                let found = try GGUFVocabulary(metadata)
                #expect(found.tokens == vocabulary.tokens && found.kinds == vocabulary.kinds)
                #expect(found.merges == vocabulary.merges && found.scores == vocabulary.scores)
                #expect(found.bosID == vocabulary.bosID && found.eosID == vocabulary.eosID)
                #expect(found.addsBOS == vocabulary.addsBOS)
                #expect(found.addsSpacePrefix == vocabulary.addsSpacePrefix)
                #expect(found.chatTemplate == "{{ x }}")
                #expect(found.huggingFaceJSON == vocabulary.huggingFaceJSON)
                // What another file says of it is written alike.
                let again = directory + "/again-\(variant).gguf"
                try GGUFWriter(again, metadata: metadata.tokenizerFields, tensors: []).finish()
                #expect(try readFile(again) == readFile(path))
            }
        }
    }

    @Test(
        "what GGUF cannot say is refused by name",
        arguments: [
            ("deepseek", GGUFVocabularyError.unknownSplit), ("prefix", .unknownSplit),
            ("unigram", .unsupportedModel("Unigram")),
            ("unigram-bytes", .unsupportedModel("Unigram")), ("odd", .normalizes("NFKC")),
            ("words", .normalizes("NFKD")),
        ]
    )
    func refuses(variant: String, error: GGUFVocabularyError) {
        #expect(throws: error) { try vocabulary(variant, configuration: .object([:])) }
    }

    @Test("more tokens than the embedding has rows are refused, fewer are filled up")
    func countsRows() throws {
        #expect(throws: GGUFVocabularyError.tooManyTokens(512, rows: 500)) {
            try vocabulary("gpt2", rows: 500)
        }
        let filled = try vocabulary("gpt2", rows: 520)
        #expect(filled.tokens.count == 520 && filled.tokens[519] == "[PAD519]")
        #expect(filled.kinds[519] == 5)
    }

    /// Scores stand for all merges that make a token; the fixtures list but one for each.
    @Test("merges that no scores give are refused", arguments: ["llama2", "gemma"])
    func refusesOtherMerges(variant: String) {
        #expect(throws: GGUFVocabularyError.differs("merges")) { try vocabulary(variant) }
    }

    @Test("a frame of other tokens is refused")
    func refusesOtherFrames() throws {
        #expect(throws: GGUFVocabularyError.unknownFrame) {
            try vocabulary("llama2", configuration: .object(["eos_token": "<eot>"]))
        }
    }

    @Test("a broken file is refused as such", arguments: ["", "{", "{\"model\": 7}"])
    func refusesBroken(text: String) {
        #expect(throws: GGUFVocabularyError.self) {
            try GGUFVocabulary(tokenizerJSON: text, configuration: nil, rows: 10)
        }
    }

    @Test("a tokenizer.model keeps its pieces and scores, or is refused")
    func sentencePiece() throws {
        let folder = fixture("tokenizer/sentencepiece/")
        #expect(throws: GGUFVocabularyError.unsupportedModel("Unigram")) {
            try GGUFVocabulary(
                sentencePiece: readFile(folder + "unigram.model"),
                configuration: nil,
                rows: 4000
            )
        }
        #expect(throws: GGUFVocabularyError.self) {
            try GGUFVocabulary(sentencePiece: [1, 2, 3], configuration: nil, rows: 4000)
        }
        for name in ["bpe", "bpe-plain", "bpe-rules"] {
            let bytes = try readFile(folder + name + ".model")
            let model = try SentencePieceModel(bytes)
            let isPlain =
                model.charsmap == nil && !model.removesExtraSpaces && !model.putsSpaceBehind
            let vocabulary = try? GGUFVocabulary(
                sentencePiece: bytes,
                configuration: nil,
                rows: model.pieces.count
            )
            #expect((vocabulary != nil) == isPlain, "\(name)")
            guard let vocabulary else { continue }
            #expect(vocabulary.scores == model.pieces.map { Double($0.score) })
        }
    }
}
