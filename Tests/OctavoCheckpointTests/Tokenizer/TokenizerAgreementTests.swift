import OctavoBase
import OctavoCheckpoint
import OctavoTestSupport
import Testing

/// The small tokenizers of Fixtures/tokenizer, against what PyPI's `tokenizers` made of each text.
@Test(
    arguments: [
        ("gpt2", 236), ("llama3", 236), ("smollm", 236), ("qwen2", 236), ("prefix", 236),
        ("tekken", 359), ("gpt4o", 359), ("deepseek", 359), ("llama2", 359), ("mistral", 359),
        ("gemma", 359), ("words", 359), ("odd", 359), ("unigram", 359), ("unigram-bytes", 359),
    ]
)
func aSmallTokenizerAgreesWithTheLibrary(variant: String, count: Int) throws {
    let folder = fixture("tokenizer/") + variant
    let tokenizer = try Tokenizer(json: JSON(parsing: readFile(folder + "/tokenizer.json")))
    try expectAgreement(tokenizer, with: folder + "/cases.jsonl", count: count)
}

/// The small models of Fixtures/tokenizer/sentencepiece, against what SentencePiece made of each text.
@Test(arguments: ["bpe", "bpe-plain", "bpe-rules", "unigram", "unigram-bytes"])
func aSmallModelAgreesWithSentencePiece(name: String) throws {
    let path = fixture("tokenizer/sentencepiece/") + name
    let tokenizer = try Tokenizer(sentencePiece: readFile(path + ".model"))
    try expectAgreement(tokenizer, with: path + ".jsonl", count: 409)
}

/// Every scalar of the planes that have characters, through one component at a time: the bytes that are
/// left have the digest of those that PyPI's `tokenizers` leaves.
@Test(arguments: try fixtureLines("tokenizer/unicode.jsonl"))
func aComponentAgreesAboutEveryScalar(record: JSON) throws {
    let tokenizer = try tokenizerOfBytes(record)
    let values = Array(0..<0x33500) + Array(0xE0000..<0xE0200)
    let scalars = values.compactMap { Unicode.Scalar(UInt32($0)) }.map(String.init)
    let hasher = ContentHasher(.sha256)
    for start in stride(from: 0, to: scalars.count, by: 4096) {
        let text = scalars[start..<min(start + 4096, scalars.count)].joined(separator: "|")
        hasher.update(try tokenizer.encode(text, addSpecialTokens: false).map { UInt8($0) })
    }
    #expect(Digest(finishing: hasher).hex == (try record.string("sha256")))
}

/// A tokenizer whose tokens are bytes, of one component.
private func tokenizerOfBytes(_ record: JSON) throws -> Tokenizer {
    let digits = Array("0123456789ABCDEF")
    var vocabulary = JSONObject()
    for byte in 0..<256 {
        vocabulary["<0x\(digits[byte >> 4])\(digits[byte & 15])>"] = .integer(byte)
    }
    return try Tokenizer(
        json: .object([
            "version": "1.0",
            "normalizer": record["normalizer"],
            "pre_tokenizer": record["pre_tokenizer"],
            "model": .object([
                "type": "BPE", "vocab": .object(vocabulary), "merges": [], "byte_fallback": true,
            ]),
        ])
    )
}

/// Compares with recorded cases: the text, its ids without and with special tokens, and back.
func expectAgreement(_ tokenizer: Tokenizer, with path: String, count: Int) throws {
    let lines = try readFile(path).split(separator: UInt8(ascii: "\n"))
    #expect(lines.count == count)
    for line in lines {
        let item = try JSON(parsing: Array(line))
        let text = try #require(item["text"]?.string)
        let ids = try #require(item["ids"]?.array).compactMap(\.integer)
        #expect(
            try tokenizer.encode(text, addSpecialTokens: false) == ids,
            "\(text.debugDescription)"
        )
        if let special = item["ids_with_special"]?.array?.compactMap(\.integer) {
            #expect(try tokenizer.encode(text, addSpecialTokens: true) == special)
        }
        for (key, skips) in [("decoded", false), ("readable", true)] {
            guard let expected = item[key]?.string else { continue }
            let decoded = try tokenizer.decode(ids, skipSpecialTokens: skips)
            // Compared by bytes: Strings are equal when they merely look alike.
            #expect(Array(decoded.utf8) == Array(expected.utf8))
        }
    }
}
