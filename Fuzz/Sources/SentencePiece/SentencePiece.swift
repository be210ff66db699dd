import FuzzInput
import OctavoBase
import OctavoCheckpoint

/// Reads a tokenizer.model, and takes a text apart with it and together again.
@_cdecl("LLVMFuzzerTestOneInput")
public func readSentencePiece(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard
        let tokenizer = try? Tokenizer(
            sentencePiece: inputBytes(bytes, count),
            configuration: nil
        )
    else { return 0 }
    let text = "Hello, w\u{F6}rld's <s>\r\n  12345 \u{4F60}\u{597D}\u{1F600}"
    guard let ids = try? tokenizer.encode(text, addSpecialTokens: true) else { return 0 }
    _ = try? tokenizer.decode(ids, skipSpecialTokens: false)
    return 0
}
