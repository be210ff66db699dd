// To Swift a slash and the combining mark after it are one Character, other than a slash; the
// kernel, git and HTTP go by bytes. So whatever is taken apart or compared for safety is taken as
// bytes.

extension StringProtocol {
    /// The parts between the slashes, empty ones too.
    package var slashParts: [String] {
        utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

extension Sequence<UInt8> {
    /// The bytes with the ASCII letters among them in lower case.
    package var asciiLowercased: [UInt8] {
        map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}
