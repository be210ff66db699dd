import FuzzInput
import OctavoBase
import OctavoCheckpoint

/// Reads a tokenizer.json, and takes a text apart with it and together again.
@_cdecl("LLVMFuzzerTestOneInput")
public func readTokenizer(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let json = try? JSON(parsing: inputBytes(bytes, count)),
        let tokenizer = try? Tokenizer(json: json)
    else { return 0 }
    let text = "Hello, w\u{F6}rld's <s>\r\n  12345 \u{4F60}\u{597D}\u{1F600}"
    let ids = tokenizer.encode(text, addSpecialTokens: true)
    _ = try? tokenizer.decode(ids, skipSpecialTokens: false)
    return 0
}
