import OctavoBase
import OctavoCheckpoint
import Testing

/// Two control tokens, a user-defined one, three normal ones and a row that no token uses.
private func vocabulary(_ change: @Sendable (inout GGUFVocabulary) -> Void = { _ in })
    -> GGUFVocabulary
{
    var vocabulary = GGUFVocabulary(
        model: "gpt2",
        pre: "llama-bpe",
        tokens: ["<s>", "a", "b", "ab", "<think>", "[PAD5]", "</s>"],
        kinds: [3, 1, 1, 1, 4, 5, 3],
        merges: ["a b"]
    )
    vocabulary.bosID = 0
    vocabulary.eosID = 6
    vocabulary.chatTemplate = "{{ messages }}\r\n\u{1F4D6}"
    vocabulary.contextLength = 2048
    change(&vocabulary)
    return vocabulary
}

/// What PyPI's `tokenizers` 0.23.3 reads, and gives `ab<think></s>` the ids 0 3 4 6.
@Test
func aTokenizerFileIsRebuilt() throws {
    let expected = #"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[
        {"id":0,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
        {"id":4,"content":"<think>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":false},
        {"id":6,"content":"</s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
        "normalizer":null,"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
        "behavior":"Isolated","invert":false},
        {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},
        "post_processor":{"type":"TemplateProcessing",
        "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
        {"SpecialToken":{"id":"<s>","type_id":1}},{"Sequence":{"id":"B","type_id":1}}],
        "special_tokens":{"<s>":{"id":"<s>","ids":[0],"tokens":["<s>"]}}},
        "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,
        "end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"ignore_merges":true,
        "vocab":{"<s>":0,"a":1,"b":2,"ab":3,"<think>":4,"</s>":6},"merges":["a b"]}}
        """#
    #expect(try vocabulary().tokenizerJSON() == JSON(parsing: expected))
    let tokenizer = try vocabulary().tokenizer()
    #expect(try tokenizer.encode("ab<think></s>", addSpecialTokens: true) == [0, 3, 4, 6])
    #expect(tokenizer.bosID == 0 && tokenizer.eosID == 6 && tokenizer.paddingID == nil)
}

@Test
func itsConfigurationIsRebuilt() throws {
    let expected = #"""
        {"tokenizer_class":"PreTrainedTokenizerFast","bos_token":"<s>","eos_token":"</s>","add_bos_token":true,
        "add_eos_token":false,"added_tokens_decoder":{
        "0":{"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
        "4":{"content":"<think>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":false},
        "6":{"content":"</s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}},
        "model_max_length":2048,"clean_up_tokenization_spaces":false,"chat_template":"{{ messages }}\r\n\ud83d\udcd6"}
        """#
    #expect(try vocabulary().tokenizerConfiguration() == JSON(parsing: expected))
}

/// The ids around "ab": the file's word counts, and without it the custom of the `pre`.
@Test(
    arguments: [
        ("llama-bpe", nil, nil, [0, 3]),
        ("llama-bpe", false, nil, [3]),
        ("gpt-2", nil, nil, [3]),
        ("gpt-2", true, true, [0, 3, 6]),
        ("qwen2", nil, true, [3, 6]),
    ] as [(String, Bool?, Bool?, [Int])]
)
func specialTokensAreAddedAsTheFileSays(pre: String, bos: Bool?, eos: Bool?, ids: [Int]) throws {
    let tokenizer = try vocabulary {
        $0.pre = pre
        $0.addsBOS = bos
        $0.addsEOS = eos
    }.tokenizer()
    #expect(try tokenizer.encode("ab", addSpecialTokens: true) == ids)
}

/// Of scores, as transformers writes a Llama's: the higher score is merged first, spaces become ▁.
@Test(
    arguments: [
        // What is put in front of texts, the ids of "ab abc", and what they are decoded to.
        (nil, "ab abc", [0, 4, 6, 4, 6, 3], "ab abc"),
        (true, "<think>ab", [0, 8, 4, 6], "<think> ab"),
        (false, "ab abc", [0, 6, 4, 6, 3], "ab abc"),
        (false, "ab  abc", [0, 6, 9, 6, 3], "ab  abc"),
    ] as [(Bool?, String, [Int], String)]
)
func mergesAreMadeOfScores(prefix: Bool?, text: String, ids: [Int], decoded: String) throws {
    var vocabulary = GGUFVocabulary(
        model: "llama",
        pre: nil,
        tokens: ["<s>", "a", "b", "c", "▁", "bc", "ab", "abc", "<think>", "  "],
        kinds: [3, 1, 1, 1, 1, 1, 1, 5, 4, 4],
        merges: []
    )
    // "bc" is worse than "ab", and "abc" is not in use.
    vocabulary.scores = [0, -9, -9, -9, -9, -2, -1, 0, 0, 0]
    vocabulary.bosID = 0
    vocabulary.addsSpacePrefix = prefix
    let tokenizer = try vocabulary.tokenizer()
    #expect(try tokenizer.encode(text, addSpecialTokens: true) == ids)
    #expect(try tokenizer.decode(ids, skipSpecialTokens: true) == decoded)
}

/// The original file inside a GGUF file is what counts.
@Test
func theOriginalTokenizerFileIsPreferred() throws {
    let file = #"{"version":"1.0","model":{"type":"BPE","vocab":{"b":0},"merges":[]}}"#
    let with = vocabulary { $0.huggingFaceJSON = file }
    #expect(try with.tokenizerJSON() == JSON(parsing: file))
    let error = TokenizerError.wrongType(
        "tokenizer.huggingface.json",
        expected: "JSON: the JSON text ends too early (at byte 1)"
    )
    #expect(throws: error) { try vocabulary { $0.huggingFaceJSON = "{" }.tokenizerJSON() }
}

/// A change that spoils a vocabulary, and the error that names it.
struct SpoiltVocabulary: Sendable {
    let error: TokenizerError
    let change: @Sendable (inout GGUFVocabulary) -> Void

    init(_ error: TokenizerError, _ change: @escaping @Sendable (inout GGUFVocabulary) -> Void) {
        self.error = error
        self.change = change
    }
}

@Test(arguments: [
    SpoiltVocabulary(.unsupported("tokenizer.ggml.model", "t5")) { $0.model = "t5" },
    SpoiltVocabulary(.wrongType("tokenizer.ggml.scores", expected: "as long as tokens")) {
        $0.model = "llama"
    },
    SpoiltVocabulary(.unsupported("tokenizer.ggml.token_type", "6 (byte) for 1 tokens")) {
        $0.model = "llama"
        $0.scores = [0, 0, 0, 0, 0, 0, 0]
        $0.kinds[1] = 6
    },
    SpoiltVocabulary(.unsupported("tokenizer.ggml.precompiled_charsmap", "not empty")) {
        $0.model = "llama"
        $0.scores = [0, 0, 0, 0, 0, 0, 0]
        $0.normalizesText = true
    },
    SpoiltVocabulary(.unknownSplit(nil)) { $0.pre = nil },
    SpoiltVocabulary(.unknownSplit("default")) { $0.pre = "default" },
    SpoiltVocabulary(.wrongType("tokenizer.ggml.token_type", expected: "as long as tokens")) {
        $0.kinds = [1]
    },
    SpoiltVocabulary(.unsupported("tokenizer.ggml.token_type[3]", "6")) { $0.kinds[3] = 6 },
    SpoiltVocabulary(.unsupported("tokenizer.ggml.token_type[3]", "-1")) { $0.kinds[3] = -1 },
    SpoiltVocabulary(.duplicateToken("a")) { $0.tokens[2] = "a" },
    SpoiltVocabulary(.unsupported("added_tokens[1].content", "empty")) { $0.tokens[4] = "" },
    SpoiltVocabulary(.unknownMergeToken(0, "c")) { $0.merges = ["a c"] },
    SpoiltVocabulary(.malformedMerge(0)) { $0.merges = ["ab"] },
    SpoiltVocabulary(.unknownToken("tokenizer.ggml.bos_token_id", "7")) { $0.bosID = 7 },
    SpoiltVocabulary(.unknownToken("tokenizer.ggml.padding_token_id", "-1")) { $0.paddingID = -1 },
])
func aVocabularyThatCannotBeRebuiltIsRefused(spoilt: SpoiltVocabulary) {
    #expect(throws: spoilt.error) { try vocabulary(spoilt.change).tokenizer() }
}

/// Both files are made of the kinds, whichever is asked for first.
@Test(arguments: [[1], [1, 1, 1, 1, 1, 1, 1, 1]])
func kindsThatDoNotFitTheTokensAreRefused(kinds: [Int]) {
    let error = TokenizerError.wrongType("tokenizer.ggml.token_type", expected: "as long as tokens")
    #expect(throws: error) { try vocabulary { $0.kinds = kinds }.tokenizerConfiguration() }
    #expect(throws: error) { try vocabulary { $0.kinds = kinds }.tokenizerJSON() }
}

@Test
func anUnknownSplitIsExplained() {
    #expect(
        TokenizerError.unknownSplit("default").description
            == "the GGUF file's tokenizer.ggml.pre is \"default\", which does not tell how its model "
            + "splits text into words; import the checkpoint that the file was made of, or a GGUF "
            + "file that a recent llama.cpp converts it to"
    )
    #expect(TokenizerError.unknownSplit(nil).description.contains("tokenizer.ggml.pre is absent,"))
}
