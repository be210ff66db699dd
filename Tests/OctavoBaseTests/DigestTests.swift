import OctavoBase
import Testing

/// FIPS 180-4 examples, as NIST publishes them.
@Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
])
func sha256GivesThePublishedDigests(text: String, hex: String) {
    let digest = Digest(of: text)
    #expect(digest.hex == hex)
    #expect(Digest(hex: hex) == digest)
    // The same in pieces, of which some are empty.
    let hasher = ContentHasher(.sha256)
    let bytes = Array(text.utf8)
    var start = 0
    for size in [0, 1, 63, 0, 64, 65, 1 << 20] {
        let end = min(start + size, bytes.count)
        let piece = Array(bytes[start..<end])
        hasher.update(piece)
        start = end
    }
    #expect(Digest(finishing: hasher) == digest)
}

/// What `git hash-object` prints.
@Test(arguments: [
    ("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
    ("Hello, Xet!\n", "a5e34558dc3bae1089cd2f0f589617a3f88b5f69"),
])
func aBlobHasTheNameThatGitGivesIt(text: String, name: String) {
    let bytes = Array(text.utf8)
    #expect(gitBlobName(bytes) == name)
}

@Test(arguments: [ContentHasher.Function.sha256, .sha1])
func aFinishedHashStaysWhatItIs(function: ContentHasher.Function) {
    let hasher = ContentHasher(function)
    let digest = hasher.finish()
    #expect(digest.count == (function == .sha1 ? 20 : 32))
    #expect(hasher.finish() == digest)
}

/// To add to it is a mistake that must not pass for a hash.
@Test
func aFinishedHashTakesNoMore() async {
    await #expect(processExitsWith: .failure) {
        let hasher = ContentHasher(.sha256)
        _ = hasher.finish()
        let bytes: [UInt8] = [1]
        hasher.update(bytes)
    }
}

@Test(arguments: [
    "", "ba78", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
    String(repeating: "A", count: 64),
    String(repeating: "g", count: 64), String(repeating: "é", count: 32),
    String(repeating: "0", count: 62) + " 0",
])
func onlySixtyFourLowercaseDigitsAreADigest(text: String) {
    #expect(Digest(hex: text) == nil)
}

@Test
func hexadecimalDigitsComeBackAsBytes() {
    let bytes = [UInt8](0...255)
    #expect(hexadecimal([0, 0x0A, 0x9F, 0xFF]) == "000a9fff")
    #expect(bytesOfHex(hexadecimal(bytes)) == bytes)
    #expect(bytesOfHex("0") == nil && bytesOfHex("0G") == nil && bytesOfHex("/:") == nil)
}

@Test
func digestsAreInTheOrderOfTheirDigits() {
    let digests = (0..<100).map { Digest(of: "\($0)") }
    #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
}
