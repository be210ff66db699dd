import OctavoBase
import OctavoCheckpoint
import OctavoTestSupport
import Testing

/// GGUF vocabularies, against the ids that llama.cpp publishes for the same texts.
@Test(
    .enabled(if: Shared.isHere),
    arguments: ["gpt-2", "llama-bpe", "llama-spm"]
)
func aGGUFVocabularyAgreesWithLlamaCpp(name: String) throws {
    let path = Shared.path("golden/tokenizers/ggml-vocab-\(name).gguf")
    let vocabulary = try GGUFVocabulary(GGUFFile(MappedFile(path)).metadata)
    let tokenizer = try vocabulary.tokenizer()
    #expect(tokenizer.vocabularySize == vocabulary.tokens.count)

    let input = String(decoding: try readFile(path + ".inp"), as: UTF8.self)
    let texts = parts(of: input, between: "\n__ggml_vocab_test__\n")
    let output = String(decoding: try readFile(path + ".out"), as: UTF8.self)
    let lines = parts(of: output, between: "\n").dropLast()
    #expect(texts.count == 47 && lines.count == 46)
    for (text, line) in zip(texts, lines) {
        let ids = line.split(separator: " ").compactMap { Int($0) }
        #expect(
            try tokenizer.encode(text, addSpecialTokens: false) == ids,
            "\(text.debugDescription)"
        )
        #expect(try tokenizer.decode(ids, skipSpecialTokens: false) == text)
    }
}

/// The merges made of Llama 2's scores are those that `transformers` made of the same scores: Phi 3 has
/// Llama 2's vocabulary with some tokens behind it.
@Test(.enabled(if: Shared.isHere))
func mergesOfScoresAreThoseOfTransformers() throws {
    let gguf = Shared.path("golden/tokenizers/ggml-vocab-llama-spm.gguf")
    let rebuilt = try GGUFVocabulary(GGUFFile(MappedFile(gguf)).metadata).tokenizerJSON()
    let published = try JSON(
        parsing: readFile(Shared.path("golden/tokenizers/hf/phi-3/tokenizer.json"))
    )
    let merges = try #require(rebuilt["model"]?["merges"])
    #expect(merges.array?.count == 61249)
    #expect(merges == published["model"]?["merges"])
}

/// Splits on scalars: Characters would glue "\r\n" and combining marks.
private func parts(of text: String, between separator: String) -> [String] {
    var parts: [String] = []
    var rest = Array(text.utf8)[...]
    let separator = Array(separator.utf8)
    while let range = rest.firstRange(of: separator) {
        parts.append(String(decoding: rest[..<range.lowerBound], as: UTF8.self))
        rest = rest[range.upperBound...]
    }
    return parts + [String(decoding: rest, as: UTF8.self)]
}
