import Foundation
import OctavoBase
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test("Base64 agrees with Foundation's", arguments: 0...9)
    func base64Agrees(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: 251 &* $0 &+ 3) }
        let expected = Data(bytes).base64EncodedString()
        #expect(base64(bytes) == expected)
        #expect(bytesOfBase64(expected) == bytes)
    }

    @Test(
        "Bad base64 is refused",
        arguments: ["A", "AA", "AAA", "A===", "AA=A", "AB==", "AAB=", "A AA", "====", "AA\n="]
    )
    func badBase64(_ text: String) {
        #expect(bytesOfBase64(text) == nil)
    }
}
