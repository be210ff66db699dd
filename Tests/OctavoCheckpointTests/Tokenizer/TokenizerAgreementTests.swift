import OctavoBase
import OctavoCheckpoint
import OctavoTestSupport
import Testing

/// The small tokenizers of Fixtures/tokenizer, against what PyPI's `tokenizers` made of each text.
@Test(arguments: ["gpt2", "llama3", "smollm", "qwen2", "prefix"])
func aSmallTokenizerAgreesWithTheLibrary(variant: String) throws {
    let folder = packageRoot + "/Tests/OctavoCheckpointTests/Fixtures/tokenizer/" + variant
    let tokenizer = try Tokenizer(json: JSON(parsing: readFile(folder + "/tokenizer.json")))
    try expectAgreement(tokenizer, with: folder + "/cases.jsonl", count: 236)
}

/// Compares with recorded cases: the text, its ids without and with special tokens, and back.
func expectAgreement(_ tokenizer: Tokenizer, with path: String, count: Int) throws {
    let lines = try readFile(path).split(separator: UInt8(ascii: "\n"))
    #expect(lines.count == count)
    for line in lines {
        let item = try JSON(parsing: Array(line))
        let text = try #require(item["text"]?.string)
        let ids = try #require(item["ids"]?.array).compactMap(\.integer)
        let special = try #require(item["ids_with_special"]?.array).compactMap(\.integer)
        #expect(tokenizer.encode(text, addSpecialTokens: false) == ids, "\(text.debugDescription)")
        #expect(tokenizer.encode(text, addSpecialTokens: true) == special)
        for (key, skips) in [("decoded", false), ("readable", true)] {
            guard let expected = item[key]?.string else { continue }
            let decoded = try tokenizer.decode(ids, skipSpecialTokens: skips)
            // Compared by bytes: Strings are equal when they merely look alike.
            #expect(Array(decoded.utf8) == Array(expected.utf8))
        }
    }
}
