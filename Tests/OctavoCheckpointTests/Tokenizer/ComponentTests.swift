import OctavoBase
import OctavoCheckpoint
import Testing

/// A tokenizer of three letters and the mark of spaces, of these components.
private func tokenizer(
    normalizer: String = "null",
    preTokenizer: String = "null",
    decoder: String = "null",
    model: String =
        #"{"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "▁": 3}, "merges": ["a b"]}"#
) throws -> Tokenizer {
    try Tokenizer(
        json: JSON(
            parsing: """
                {"version": "1.0", "normalizer": \(normalizer), "pre_tokenizer": \(preTokenizer),
                 "decoder": \(decoder), "model": \(model)}
                """
        )
    )
}

private func split(_ regex: String) throws -> Tokenizer {
    let regex = JSON.string(regex).text(.compact)
    return try tokenizer(
        preTokenizer: """
            {"type": "Split", "pattern": {"Regex": \(regex)}, "behavior": "Isolated", "invert": false}
            """
    )
}

/// What Oniguruma and PCRE2 read differently, or what may take for ever; and slips.
@Test(arguments: [
    (#"\h"#, #"the escape \h"#), (#"\w+"#, #"the escape \w"#), (#"\bx"#, #"the escape \b"#),
    (#"(a)\1"#, #"the escape \1"#), (#"\Ga"#, #"the escape \G"#), (#"[\S]"#, #"the escape \S"#),
    (#"\x41"#, #"the escape \x"#), (#"\u0041"#, #"the escape \u"#), (#"\"#, "it ends too early"),
    (#"\pL"#, #"\p without {…}"#), (#"\p{Greek}"#, "the property Greek"),
    (#"\p{Mn}"#, "the property Mn"),
    (#"\p{^L}"#, "the property ^L"), (#"\p{L"#, "it ends too early"),
    ("^a", "a ^ that is not escaped"), ("*a", "a * that is not escaped"),
    ("a**", "a * that is not escaped"), ("a|+", "a + that is not escaped"),
    ("a{,3}", "a { that is not escaped"), ("a{x", "a { that is not escaped"),
    ("a{1,2", "it ends too early"), ("a{1001}", "more than 1000 repeats"),
    ("a{99999999999999999999}", "more than 1000 repeats"),
    ("a{2}?", "a second quantifier after {…}"), ("a{1,2}+", "a second quantifier after {…}"),
    ("a}", "a } that is not escaped"), ("a]", "a ] that is not escaped"),
    ("(a", "it ends too early"), ("a)", "a ) too many"), ("[a", "it ends too early"),
    ("[]a]", "an empty class"), ("[a[b]]", "a class within a class"),
    ("[a&&b]", "an intersection of classes"), ("[[:alpha:]]", "a class within a class"),
    ("(?i)a", "a group that starts with (?"), ("(?<n>a)", "a group that starts with (?"),
    ("(?R)", "a group that starts with (?"), ("(*FAIL)", "a * that is not escaped"),
    ("(?i:stop)", "st where case is ignored"), ("(?i:é)", "é where case is ignored"),
    ("(?i:[é])", "é where case is ignored"), ("$+", "a repeat of what has no length"),
    ("(?=a)*", "a repeat of what has no length"), ("(a*)*", "a repeat of a group with choices"),
    ("(a|a)+", "a repeat of a group with choices"), ("(a?){9}", "a repeat of a group with choices"),
    ("((a+)b)+", "a repeat of a group with choices"),
    ("a*a*a*b", "what must match behind two repeats"),
    ("a+a+b", "what must match behind two repeats"),
    ("a+(?:a+b)", "what must match behind two repeats"),
    ("a+(?!a*)", "what must match behind two repeats"),
    ("a*(?=a+$)", "what must match behind two repeats"),
    ("a{1,99}a*(b|c)", "what must match behind two repeats"), ("[b-a]", "PCRE2 refuses it (108)"),
    (String(repeating: "(", count: 40), "groups are nested too deeply"),
    (String(repeating: "a", count: 8193), "it is too long"),
])
func anExpressionThatIsReadDifferentlyIsRefused(regex: String, reason: String) {
    let error = TokenizerError.refusedPattern("pre_tokenizer.pattern", regex: regex, reason: reason)
    #expect(throws: error) { try split(regex) }
}

/// Each looks, at each place, at all that follows.
@Test(arguments: [#"[^b]+b|[^b]"#, #"a(?![^b]*c)"#, "a(?=a*b)|a", "(?<=a)a*b|a"])
func anExpressionThatTakesTooManyStepsIsStopped(regex: String) throws {
    let tokenizer = try split(regex)
    let text = String(repeating: "a", count: 1_000_000)
    #expect(throws: TokenizerError.slowPattern(regex)) {
        try tokenizer.encode(text, addSpecialTokens: false)
    }
}

/// Long matches are no reason to stop: each is looked for once.
@Test(arguments: ["a+", #"a+(?!\S)|a+"#, #"\s*[\r\n]+|a+|\s+(?!\S)|\s+"#])
func anExpressionMayMatchAtLength(regex: String) throws {
    let tokenizer = try split(regex)
    let text = String(repeating: "a", count: 1_000_000) + String(repeating: " ", count: 1_000_000)
    #expect(try tokenizer.encode(text, addSpecialTokens: false).count == 1_000_000)
}

@Test(
    arguments: [
        (
            #"{"type": "Replace", "pattern": {"String": ""}, "content": "x"}"#,
            .unsupported("normalizer.pattern.String", "empty")
        ),
        (
            #"{"type": "Replace", "pattern": {}, "content": "x"}"#,
            .missing("normalizer.pattern.Regex")
        ),
        (
            #"{"type": "Sequence", "normalizers": [{"type": "Nmt"}]}"#,
            .unsupported("normalizer.normalizers[0].type", "Nmt")
        ),
        (#"{"type": "Prepend"}"#, .missing("normalizer.prepend")),
        (#"{"type": "NFC", "form": 2}"#, .unknownField("normalizer.form")),
        // Not Base64, too short, a trie of no units, one longer than the table, half a scalar behind it.
        (
            #"{"type": "Precompiled", "precompiled_charsmap": "AAA"}"#,
            .badCharsmap("normalizer.precompiled_charsmap")
        ),
        (
            #"{"type": "Precompiled", "precompiled_charsmap": "AA=="}"#,
            .badCharsmap("normalizer.precompiled_charsmap")
        ),
        (
            #"{"type": "Precompiled", "precompiled_charsmap": "AAAAAA=="}"#,
            .badCharsmap("normalizer.precompiled_charsmap")
        ),
        (
            #"{"type": "Precompiled", "precompiled_charsmap": "CAAAAAAAAAA="}"#,
            .badCharsmap("normalizer.precompiled_charsmap")
        ),
        (
            #"{"type": "Precompiled", "precompiled_charsmap": "BAAAAAAAAADD"}"#,
            .badCharsmap("normalizer.precompiled_charsmap")
        ),
    ] as [(String, TokenizerError)]
)
func aNormalizerThatWouldNotBeUnderstoodIsRefused(normalizer: String, error: TokenizerError) {
    #expect(throws: error) { try tokenizer(normalizer: normalizer) }
}

@Test(
    arguments: [
        (
            #"{"type": "Metaspace", "replacement": "ab"}"#,
            .unsupported("pre_tokenizer.replacement", "ab")
        ),
        (
            #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "last"}"#,
            .unsupported("pre_tokenizer.prepend_scheme", "last")
        ),
        (
            #"{"type": "Metaspace", "replacement": "▁", "add_prefix_space": false}"#,
            .unsupported("pre_tokenizer.add_prefix_space", "false")
        ),
        (
            #"{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}]}"#,
            .unsupported(
                "pre_tokenizer.pretokenizers[1].prepend_scheme",
                "first, after other steps"
            )
        ),
        (
            #"{"type": "Sequence", "pretokenizers": [{"type": "ByteLevel", "add_prefix_space": true}, {"type": "WhitespaceSplit"}]}"#,
            .unsupported("pre_tokenizer.pretokenizers[1]", "WhitespaceSplit after ByteLevel")
        ),
        (
            #"{"type": "Split", "pattern": {"String": "x"}, "behavior": "Glued", "invert": false}"#,
            .unsupported("pre_tokenizer.behavior", "Glued")
        ),
        (
            #"{"type": "Punctuation", "behavior": 3}"#,
            .wrongType("pre_tokenizer.behavior", expected: "a string")
        ),
    ] as [(String, TokenizerError)]
)
func aPreTokenizerThatWouldNotBeUnderstoodIsRefused(preTokenizer: String, error: TokenizerError) {
    #expect(throws: error) { try tokenizer(preTokenizer: preTokenizer) }
}

@Test(
    arguments: [
        (#"{"type": "Unigram", "vocab": []}"#, .missing("model.unk_id")),
        (#"{"type": "Unigram", "vocab": [], "unk_id": 0}"#, .unknownToken("model.unk_id", "0")),
        (
            #"{"type": "Unigram", "vocab": [["a", 0]], "unk_id": -1}"#,
            .unknownToken("model.unk_id", "-1")
        ),
        (
            #"{"type": "Unigram", "vocab": [["a"]], "unk_id": 0}"#,
            .wrongType("model.vocab[0]", expected: "a token and its score")
        ),
        (
            #"{"type": "Unigram", "vocab": {"a": 0}, "unk_id": 0}"#,
            .wrongType("model.vocab", expected: "an array")
        ),
        (#"{"type": "Unigram", "vocab": [["a", 0], ["a", 1]], "unk_id": 0}"#, .duplicateToken("a")),
        (
            #"{"type": "Unigram", "vocab": [["a", 0]], "unk_id": 0, "alpha": 1}"#,
            .unknownField("model.alpha")
        ),
    ] as [(String, TokenizerError)]
)
func aUnigramModelThatWouldNotBeUnderstoodIsRefused(model: String, error: TokenizerError) {
    #expect(throws: error) { try tokenizer(model: model) }
}

/// A text that is one word to the model, cut where no merge reaches across.
@Test
func aLongTextWithoutWordsTakesNoQuadraticTime() throws {
    let tokenizer = try tokenizer(
        normalizer: #"{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}"#
    )
    let text = String(repeating: "ab abab ", count: 100_000)
    let ids = try tokenizer.encode(text, addSpecialTokens: false)
    #expect(ids == (0..<100_000).flatMap { _ in [2, 3, 2, 2, 3] })
}

/// In the middle of a text a token keeps its space; at its start the decoder takes it.
@Test(arguments: [
    #"{"type": "Metaspace", "replacement": "▁"}"#,
    #"""
    {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    """#,
])
func aTokenStandsForItsSpace(decoder: String) throws {
    let tokenizer = try tokenizer(decoder: decoder)
    #expect(try tokenizer.bytes(of: 3) == [0x20])
    #expect(try tokenizer.decode([3, 2, 3, 0], skipSpecialTokens: false) == "ab a")
}

/// Twice the longest run there can be: `Strip` counts what it takes, and no count is too large.
@Test(arguments: [(Int.max, "b"), (1, "aab"), (0, "aaab"), (-1, "aaab")])
func stripTakesAtMostSoMany(start: Int, text: String) throws {
    let decoder = """
        {"type": "Sequence", "decoders": [{"type": "Fuse"},
         {"type": "Strip", "content": "a", "start": \(start), "stop": 0}]}
        """
    let tokenizer = try tokenizer(decoder: decoder)
    #expect(try tokenizer.decode([0, 0, 2], skipSpecialTokens: false) == text)
}
