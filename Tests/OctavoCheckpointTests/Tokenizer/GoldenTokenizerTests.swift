import OctavoBase
import OctavoCheckpoint
import OctavoTestSupport
import Testing

/// Published tokenizers, against what `transformers` made of the same texts.
@Test(
    .enabled(if: Shared.isHere),
    arguments: [
        // Tokens, and the ids of those that begin a text, end it, fill and stand for what is unknown.
        ("smollm2", 49152, [1, 2, 2, 0]), ("phi-3", 32064, [1, 32000, 32000, 0]),
    ]
)
func aPublishedTokenizerAgreesWithTransformers(name: String, size: Int, roles: [Int]) throws {
    let folder = Shared.path("golden/tokenizers/hf/" + name)
    let tokenizer = try Tokenizer(
        json: JSON(parsing: readFile(folder + "/tokenizer.json")),
        configuration: JSON(parsing: readFile(folder + "/tokenizer_config.json"))
    )
    try expectAgreement(tokenizer, with: folder + "/cases.jsonl", count: 184)
    #expect(tokenizer.vocabularySize == size)
    let found = [tokenizer.bosID, tokenizer.eosID, tokenizer.paddingID, tokenizer.unknownID]
    #expect(found == roles)
}
