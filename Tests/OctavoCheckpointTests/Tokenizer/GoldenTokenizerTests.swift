import OctavoBase
import OctavoCheckpoint
import OctavoTestSupport
import Testing

/// A published tokenizer, against what `transformers` made of the same texts.
@Test(.enabled(if: Shared.isHere))
func aPublishedTokenizerAgreesWithTransformers() throws {
    let folder = Shared.path("golden/tokenizers/hf/smollm2")
    let tokenizer = try Tokenizer(
        json: JSON(parsing: readFile(folder + "/tokenizer.json")),
        configuration: JSON(parsing: readFile(folder + "/tokenizer_config.json"))
    )
    try expectAgreement(tokenizer, with: folder + "/cases.jsonl", count: 184)
    #expect(tokenizer.vocabularySize == 49152)
    #expect(tokenizer.bosID == 1 && tokenizer.eosID == 2)
    #expect(tokenizer.paddingID == 2 && tokenizer.unknownID == 0)
}
