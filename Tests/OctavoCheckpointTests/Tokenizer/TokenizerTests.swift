import OctavoBase
import OctavoCheckpoint
import OctavoTestSupport
import Testing

/// A tokenizer of four tokens, to be spoilt in one place at a time.
private let sound = #"""
    {"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
     "added_tokens": [{"id": 4, "content": "<s>", "single_word": false, "lstrip": false,
                       "rstrip": false, "normalized": false, "special": true}],
     "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
     "post_processor": {"type": "TemplateProcessing", "pair": [],
         "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [4], "tokens": ["<s>"]}}},
     "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
     "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
               "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
               "vocab": {"a": 0, "b": 1, "ab": 2, "Ã": 3}, "merges": [["a", "b"]]}}
    """#

/// The sound tokenizer with one piece of its text replaced, which must be there.
private func spoilt(_ piece: String, _ replacement: String) throws -> Tokenizer {
    let range = try #require(sound.firstRange(of: piece))
    return try Tokenizer(
        json: JSON(parsing: sound[..<range.lowerBound] + replacement + sound[range.upperBound...])
    )
}

@Test
func theSoundTokenizerIsRead() throws {
    let tokenizer = try spoilt("null", "null")
    #expect(try tokenizer.encode("abba<s>", addSpecialTokens: true) == [4, 2, 1, 0, 4])
    #expect(try tokenizer.encode("abba<s>", addSpecialTokens: false) == [2, 1, 0, 4])
    #expect(try tokenizer.encode("", addSpecialTokens: true) == [4])
    #expect(tokenizer.vocabularySize == 5)
    #expect(tokenizer.id(ofToken: "ab") == 2 && tokenizer.id(ofToken: "<s>") == 4)
    #expect(tokenizer.id(ofToken: "c") == nil)
    #expect(tokenizer.bosID == nil && tokenizer.chatTemplate == nil)
}

@Test(
    arguments: [
        // Components and settings that are not implemented.
        (#""version": "1.0""#, #""version": "2.0""#, TokenizerError.unsupported("version", "2.0")),
        (
            #""normalizer": null"#, #""normalizer": {"type": "BertNormalizer"}"#,
            .unsupported("normalizer.type", "BertNormalizer")
        ),
        (#""type": "BPE""#, #""type": "WordPiece""#, .unsupported("model.type", "WordPiece")),
        (
            #""type": "BPE""#, #""type": "Unigram""#,
            .unsupported("model.type", "Unigram, of ByteLevel")
        ),
        (
            #""byte_fallback": false"#, #""byte_fallback": true"#,
            .unsupported("model.byte_fallback", "true, where bytes have no token")
        ),
        (#""dropout": null"#, #""dropout": 0.1"#, .unsupported("model.dropout", "0.1")),
        (
            #""end_of_word_suffix": null"#, #""end_of_word_suffix": "</w>""#,
            .unsupported("model.end_of_word_suffix", "</w>")
        ),
        (
            #""pre_tokenizer": {"type": "ByteLevel", "#,
            #""pre_tokenizer": {"type": "UnicodeScripts", "#,
            .unsupported("pre_tokenizer.type", "UnicodeScripts")
        ),
        (
            #""decoder": {"type": "ByteLevel""#, #""decoder": {"type": "WordPiece""#,
            .unsupported("decoder.type", "WordPiece")
        ),
        (
            #""post_processor": {"type": "TemplateProcessing""#,
            #""post_processor": {"type": "Template""#,
            .unsupported("post_processor.type", "Template")
        ),
        (
            #"{"id": "A", "type_id": 0}"#, #"{"id": "B", "type_id": 0}"#,
            .unsupported("post_processor.single[1]", #"{"Sequence":{"id":"B","type_id":0}}"#)
        ),
        (#""fuse_unk": false"#, #""fuse_unk": false, "magic": 1"#, .unknownField("model.magic")),
        (#""version""#, #""later": null, "version""#, .unknownField("later")),
        (
            #""special": true"#, #""special": true, "weight": 2"#,
            .unknownField("added_tokens[0].weight")
        ),
        // Missing pieces and wrong kinds of value.
        (#""vocab""#, #""vocabulary""#, .missing("model.vocab")),
        (#""merges""#, #""pairs""#, .missing("model.merges")),
        (#""lstrip": false"#, #""lstrip": null"#, .missing("added_tokens[0].lstrip")),
        (#""id": 4"#, #""id": "4""#, .wrongType("added_tokens[0].id", expected: "a whole number")),
        (#""a": 0"#, #""a": 0.0"#, .wrongType(#"model.vocab["a"]"#, expected: "a whole number")),
        (
            #""merges": [["a", "b"]]"#, #""merges": {}"#,
            .wrongType("model.merges", expected: "an array")
        ),
        (
            #""model": {"type""#, #""model": [], "rest": {"type""#,
            .wrongType("model", expected: "an object")
        ),
        // Ids.
        (#""a": 0"#, #""a": 1"#, .duplicateID(1)),
        (#""a": 0"#, #""a": -1"#, .idOutOfRange("a", -1)),
        (#""a": 0"#, #""a": 9223372036854775807"#, .idOutOfRange("a", .max)),
        (#""id": 4"#, #""id": 1099511627776"#, .idOutOfRange("<s>", 1_099_511_627_776)),
        (#""id": 4"#, #""id": 9"#, .addedTokenID("<s>", found: 9, expected: 4)),
        (#""content": "<s>""#, #""content": "ab""#, .addedTokenID("ab", found: 4, expected: 2)),
        (#""content": "<s>""#, #""content": """#, .unsupported("added_tokens[0].content", "empty")),
        (#""Ã": 3"#, #""Ã": 4"#, .duplicateID(4)),
        (#""ids": [4]"#, #""ids": [7]"#, .unknownID(7)),
        (
            #""ids": [4]"#, #""ids": ["4"]"#,
            .wrongType(
                #"post_processor.special_tokens["<s>"].ids"#,
                expected: "an array of whole numbers"
            )
        ),
        (
            #""special_tokens": {"<s>""#, #""special_tokens": {"<t>""#,
            .missing(#"post_processor.special_tokens["<s>"].ids"#)
        ),
        // Merges.
        (#"["a", "b"]"#, #"["a", "c"]"#, .unknownMergeToken(0, "c")),
        (#"["a", "b"]"#, #"["b", "a"]"#, .unknownMergeToken(0, "ba")),
        (#"["a", "b"]"#, #"["a", "b", "a"]"#, .malformedMerge(0)),
        (#"["a", "b"]"#, #""a b", "a  b""#, .malformedMerge(1)),
        (#"["a", "b"]"#, #"["a", 7]"#, .malformedMerge(0)),
        (#""unk_token": null"#, #""unk_token": "?""#, .unknownToken("model.unk_token", "?")),
    ] as [(String, String, TokenizerError)]
)
func aTokenizerThatWouldNotBeUnderstoodIsRefused(
    piece: String,
    replacement: String,
    error: TokenizerError
) throws {
    #expect(throws: error) { try spoilt(piece, replacement) }
}

/// As fine-tuned models carry them; texts are whole all the same.
@Test(arguments: [
    (
        #""truncation": null"#,
        #""truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}"#
    ),
    (
        #""padding": null"#,
        #""padding": {"strategy": {"Fixed": 8}, "direction": "Left", "pad_id": 4, "pad_token": "<s>"}"#
    ),
])
func cuttingAndFillingAreLeftToTheCaller(piece: String, replacement: String) throws {
    let tokenizer = try spoilt(piece, replacement)
    #expect(try tokenizer.encode("abbaab", addSpecialTokens: true) == [4, 2, 1, 0, 2])
}

/// The sound tokenizer with another added token, and with `<s>` taking the white space behind it.
private func withAdded(_ content: String, strips: String) throws -> Tokenizer {
    try spoilt(
        #""rstrip": false, "normalized": false, "special": true}"#,
        #""rstrip": true, "normalized": false, "special": true}, {"id": 5, "content": "\#(content)", "#
            + #""single_word": false, \#(strips), "normalized": false, "special": true}"#
    )
}

@Test
func anAddedTokenHasABoundedLength() throws {
    let strips = #""lstrip": false, "rstrip": false"#
    let longest = String(repeating: "\u{E9}", count: 4096)
    let tokenizer = try withAdded(longest, strips: strips)
    #expect(try tokenizer.encode("a" + longest, addSpecialTokens: false) == [0, 5])
    let path = "added_tokens[1].content"
    #expect(throws: TokenizerError.addedTokenTooLong(path, scalars: 4097)) {
        try withAdded(longest + "e", strips: strips)
    }
}

/// The first four as PyPI's `tokenizers` 0.23.3 has them; the last makes it panic.
@Test(arguments: [
    (true, true, #"\n\n\n\n\n"#, [5]),
    (false, true, #"\n\n\n"#, [5, 5, 5]),
    (false, false, #"<s>\n\n a"#, [4, 5, 5, 0]),
    (true, true, #"<s>\n\n a\n a"#, [4, 0, 5, 0]),
    (true, false, #"<s>\n\n a"#, [4, 0]),
])
func tokensThatTakeTheSameSpaceDoNotCollide(
    left: Bool,
    right: Bool,
    text: String,
    ids: [Int]
) throws {
    let tokenizer = try withAdded(#"\n"#, strips: #""lstrip": \#(left), "rstrip": \#(right)"#)
    let text = try #require(try JSON(parsing: "\"\(text)\"").string)
    #expect(try tokenizer.encode(text, addSpecialTokens: false) == ids)
}

/// Each of these takes all that follow, and each is found: n² steps would not end while anyone waits.
@Test
func manyTokensInOneSpaceTakeNoQuadraticTime() throws {
    let tokenizer = try withAdded(#"\n"#, strips: #""lstrip": false, "rstrip": true"#)
    let text = String(repeating: "\n", count: 200_000)
    #expect(
        try tokenizer.encode(text, addSpecialTokens: false) == [Int](repeating: 5, count: 200_000)
    )
}

@Test
func anIdThatNoTokenHasIsNamed() throws {
    let tokenizer = try spoilt("null", "null")
    for id in [-1, 5, .max, .min] {
        #expect(throws: TokenizerError.unknownID(id)) {
            try tokenizer.decode([0, id], skipSpecialTokens: false)
        }
    }
}

/// The token spelled "Ã" is the byte 0xC3: half of a character until another byte follows.
@Test
func aTokenMayBePartOfACharacter() throws {
    let tokenizer = try spoilt("null", "null")
    #expect(try tokenizer.bytes(of: 3) == [0xC3])
    #expect(try tokenizer.decode([0, 3, 1], skipSpecialTokens: false) == "a\u{FFFD}b")
}

@Test
func specialTokensCanBeLeftOutOfText() throws {
    let tokenizer = try spoilt("null", "null")
    #expect(try tokenizer.decode([4, 2, 4], skipSpecialTokens: true) == "ab")
    #expect(try tokenizer.decode([4, 2, 4], skipSpecialTokens: false) == "<s>ab<s>")
}

/// A word of half a million letters: n² steps would not end while anyone waits.
@Test
func aLongWordTakesNoQuadraticTime() throws {
    let tokenizer = try spoilt("null", "null")
    let text = String(repeating: "ab", count: 250_000)
    #expect(
        try tokenizer.encode(text, addSpecialTokens: false) == [Int](repeating: 2, count: 250_000)
    )
}

/// A token that is given a role is found in text before any merge, as transformers has it; that
/// `add_bos_token` says something changes nothing, for the template is in tokenizer.json.
@Test(arguments: [
    (#"{"bos_token": "<s>"}"#, [4, 2]),
    (#"{"bos_token": "<s>", "eos_token": {"content": "a", "lstrip": false}}"#, [4, 0, 1]),
    (#"{"bos_token": "<s>", "add_bos_token": false}"#, [4, 2]),
    (#"{"bos_token": "b", "eos_token": "<s>", "add_eos_token": true}"#, [4, 0, 1]),
])
func theConfigurationGivesTokensRoles(configuration: String, ids: [Int]) throws {
    let tokenizer = try Tokenizer(
        json: JSON(parsing: sound),
        configuration: JSON(parsing: configuration)
    )
    #expect(try tokenizer.encode("ab", addSpecialTokens: true) == ids)
}

@Test(
    arguments: [
        (#"{"bos_token": "<t>"}"#, TokenizerError.unknownToken("bos_token", "<t>")),
        (#"{"eos_token": 3}"#, .wrongType("configuration.eos_token", expected: "a token")),
        ("[]", .wrongType("configuration", expected: "an object")),
    ] as [(String, TokenizerError)]
)
func aConfigurationThatDoesNotFitIsRefused(configuration: String, error: TokenizerError) throws {
    let json = try JSON(parsing: sound)
    let configuration = try JSON(parsing: configuration)
    #expect(throws: error) { try Tokenizer(json: json, configuration: configuration) }
}

@Test(arguments: [
    (#"{"chat_template": "{{ x }}\n"}"#, "{{ x }}\n"),
    (
        #"{"chat_template": [{"name": "rag", "template": "r"}, {"name": "default", "template": "d"}]}"#,
        "d"
    ),
    (#"{"chat_template": null}"#, nil),
])
func theChatTemplateIsKeptVerbatim(configuration: String, template: String?) throws {
    let tokenizer = try Tokenizer(
        json: JSON(parsing: sound),
        configuration: JSON(parsing: configuration)
    )
    #expect(tokenizer.chatTemplate == template)
}
