import OctavoBase
import OctavoCheckpoint
import Testing

/// A field of a protocol buffer that holds bytes.
private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(bytes.count)] + bytes
}

/// A field that holds a number below 128.
private func field(_ number: UInt8, _ value: UInt8) -> [UInt8] { [number << 3, value] }

private func piece(_ text: String, score: [UInt8] = [0, 0, 0, 0], kind: UInt8 = 1) -> [UInt8] {
    field(1, field(1, Array(text.utf8)) + [2 << 3 | 5] + score + field(3, kind))
}

/// `trainer_spec`: byte-pair encoding.
private let bytePair = field(2, field(3, 2))
/// `normalizer_spec`: spaces stay as they are but that one comes first.
private let plain = field(3, field(4, 0))
private let unknown = piece("<unk>", kind: 2)
private let letters = unknown + piece("▁") + piece("a") + piece("b")

/// Hand-made: `ab` of the ids 2 and 3 becomes 4.
private let sound = bytePair + plain + letters + piece("ab", score: [0, 0, 0x80, 0xBF])

@Test(arguments: [
    ("ab", [1, 4]), ("ba b", [1, 3, 2, 1, 3]), ("", []), ("aé\u{1F680}b", [1, 2, 0, 3]),
])
func aHandMadeModelIsRead(text: String, ids: [Int]) throws {
    let tokenizer = try Tokenizer(sentencePiece: sound)
    #expect(try tokenizer.encode(text, addSpecialTokens: true) == ids)
    #expect(tokenizer.vocabularySize == 5 && tokenizer.unknownID == 0 && tokenizer.bosID == nil)
}

@Test(
    arguments: [
        ([], .unknownPieces(0)),
        (unknown + unknown, .unknownPieces(2)),
        ([0x0A], .truncated(offset: 1)),
        ([0x0A, 5, 1], .truncated(offset: 2)),
        ([0x80], .truncated(offset: 1)),
        // A field without a number, one of a wire type that is not in use, a number of more than 64 bits.
        ([0x00, 0x00], .malformed(offset: 0)),
        ([0x0B], .malformed(offset: 0)),
        ([0x10] + [UInt8](repeating: 0xFF, count: 10), .malformed(offset: 10)),
        (field(1, 3), .wrongType("pieces")),
        (field(2, 1), .wrongType("trainer_spec")),
        (field(1, field(1, 1)), .wrongType("piece 0")),
        (field(1, field(2, 1)), .wrongType("score of piece 0")),
        (field(1, field(1, [0xC3])), .notUTF8("piece 0")),
        (field(1, []), .unsupported("piece 0", "empty")),
        (piece("a", score: [0, 0, 0xC0, 0x7F]), .badScore(piece: 0)),
        (piece("a", score: [0, 0, 0x80, 0xFF]), .badScore(piece: 0)),
        (piece("a", kind: 0), .unsupported("type of piece 0", "0")),
        (piece("a", kind: 7), .unsupported("type of piece 0", "7")),
        (unknown + field(2, field(3, 3)), .unsupported("model_type", "WORD")),
        (unknown + field(2, field(3, 4)), .unsupported("model_type", "CHAR")),
        (unknown + field(2, field(3, 9)), .unsupported("model_type", "9")),
        (unknown + field(3, field(5, 0)), .unsupported("escape_whitespaces", "false")),
        (unknown + field(3, field(2, [1])), .badCharsmap),
        (unknown + field(5, field(2, [1])), .unsupported("denormalizer_spec", "not empty")),
        // byte_fallback has the number 35, which takes two bytes.
        (unknown + field(2, [0x98, 0x02, 1]), .missingByte(0)),
        (
            bytePair + letters + piece("ab", kind: 5),
            .unsupported("type of piece 4", "UNUSED, though it is made of others")
        ),
    ] as [([UInt8], SentencePieceError)]
)
func aModelThatWouldNotBeUnderstoodIsRefused(bytes: [UInt8], error: SentencePieceError) {
    #expect(throws: error) { try Tokenizer(sentencePiece: bytes) }
}

@Test
func aPieceThatIsListedTwiceIsRefused() {
    #expect(throws: TokenizerError.duplicateToken("a")) {
        try Tokenizer(sentencePiece: bytePair + letters + piece("a"))
    }
}

/// Cut anywhere, a model is refused, or has become another one that reads well.
@Test(arguments: ["bpe-rules", "unigram"])
func aModelCutAnywhereIsReadOrRefused(name: String) throws {
    let whole = try readFile(fixture("tokenizer/sentencepiece/\(name).model"))
    var refused = 0
    for length in 0..<whole.count {
        do {
            let tokenizer = try Tokenizer(sentencePiece: Array(whole[..<length]))
            _ = try tokenizer.encode("a caf\u{E9} \u{1F680}", addSpecialTokens: true)
        } catch is SentencePieceError { refused += 1 }
    }
    #expect(refused > whole.count / 2)
}

/// What a configuration names is found in text; what it says stands around texts, does.
@Test(
    arguments: [
        (nil, "<s>ab", [4, 13, 3, 14, 5, 8]),
        (#"{"bos_token": "<s>"}"#, "<s>ab", [1, 4, 5, 8]),
        (#"{"bos_token": "<s>", "add_bos_token": true}"#, "ab", [1, 4, 5, 8]),
        (
            #"{"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": false, "add_eos_token": true}"#,
            "ab", [4, 5, 8, 2]
        ),
    ] as [(String?, String, [Int])]
)
func aConfigurationSaysWhatStandsAroundTexts(
    configuration: String?,
    text: String,
    ids: [Int]
) throws {
    let controls = piece("<s>", kind: 3) + piece("</s>", kind: 3)
    let letters = ["s", "▁", "a", "x", "y", "b", "1", "2", "3", "4", "<", ">"].flatMap { piece($0) }
    let tokenizer = try Tokenizer(
        sentencePiece: bytePair + plain + unknown + controls + letters,
        configuration: configuration.map { try JSON(parsing: $0) }
    )
    #expect(try tokenizer.encode(text, addSpecialTokens: true) == ids)
    #expect(tokenizer.bosID == 1)
}
