private let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
)

private let values: [UInt8: UInt32] = Dictionary(
    uniqueKeysWithValues: alphabet.enumerated().map { ($1, UInt32($0)) }
)

/// Writes bytes as base64 (RFC 4648, section 4), padded.
package func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        var bits: UInt32 = 0
        for byte in group { bits = bits << 8 | UInt32(byte) }
        bits <<= UInt32(8 * (3 - group.count))
        for index in 0..<4 {
            let isPadding = index > group.count
            text.append(
                isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)]
            )
        }
    }
    return String(decoding: text, as: UTF8.self)
}

/// Reads padded base64; nil if a digit, the length or the padding is wrong.
package func bytesOfBase64(_ text: String) -> [UInt8]? {
    // In place: the files of a commit may be long, and are held in more than one form already.
    let digits = text.utf8.span
    guard digits.count % 4 == 0 else { return nil }
    let padding = text.utf8.suffix(2).count { $0 == UInt8(ascii: "=") }
    if padding == 2, digits[digits.count - 1] != UInt8(ascii: "=") { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 4 * 3)
    var bits: UInt32 = 0
    for index in 0..<digits.count - padding {
        guard let value = values[digits[index]] else { return nil }
        bits = bits << 6 | value
        if index % 4 == 3 {
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bits = 0
        }
    }
    // What the padding cuts off must be zero, so that every text has one meaning only.
    switch padding {
    case 1:
        guard bits & 3 == 0 else { return nil }
        bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
    case 2:
        guard bits & 15 == 0 else { return nil }
        bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
    default: break
    }
    return bytes
}
