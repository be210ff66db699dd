/// The characters with which byte-level tokenizers spell bytes, so that every token is printable.
///
/// A byte that is a printable Latin-1 character stands for itself; the 68 others take the scalars
/// from U+0100 on, in order. (GPT-2's `bytes_to_unicode`.)
enum ByteAlphabet {
    /// The scalar that spells each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt8 = 0
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                return Unicode.Scalar(UInt16(0x100) + UInt16(next)) ?? " "
            }
        }
    }()

    /// The byte of each scalar up to the last that spells one, or nil.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x100 + 68)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
        return bytes
    }()

    /// The bytes that a token spells, or nil if some character of it spells none.
    static func bytes(of token: String) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(token.utf8.count)
        for scalar in token.unicodeScalars {
            guard scalar.value < bytes.count, let byte = bytes[Int(scalar.value)] else {
                return nil
            }
            result.append(byte)
        }
        return result
    }

    /// The token that spells these bytes.
    static func spelling(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes { text.unicodeScalars.append(scalars[Int(byte)]) }
        return text
    }
}
