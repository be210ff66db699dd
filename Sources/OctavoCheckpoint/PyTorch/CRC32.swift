internal import OctavoBase

/// The remainders of all bytes, for the polynomial that zip files use.
private let remainders: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { remainder, _ in
        remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
    }
}

/// The CRC-32 of bytes, as zip files have it.
func crc32(_ bytes: RawSpan) -> UInt32 {
    unsafe bytes.withUnsafeBytes { bytes in
        var remainder = UInt32.max
        for at in 0..<bytes.count {
            let byte = unsafe bytes[at]
            remainder = remainders[Int((remainder ^ UInt32(byte)) & 0xFF)] ^ remainder >> 8
        }
        return ~remainder
    }
}
