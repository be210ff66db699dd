internal import CZstd

/// Compresses bytes to a zstd frame (RFC 8878); nil where that is not shorter.
///
/// Level 1: at higher ones the search for repetitions costs exponents more than it gains.
func zstdFrame(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count > 16 else { return nil }
    let room = bytes.count - 1
    var length = 0
    let frame = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
        unsafe bytes.withUnsafeBytes {
            length = unsafe ZSTD_compress(buffer.baseAddress, room, $0.baseAddress, $0.count, 1)
        }
        filled = ZSTD_isError(length) == 0 ? length : 0
    }
    return frame.isEmpty ? nil : frame
}

/// Decodes zstd frames that give exactly so many bytes; nil if they do not.
func zstdContent(_ frames: RawSpan, count: Int) -> [UInt8]? {
    var length = 0
    let content = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        unsafe frames.withUnsafeBytes {
            length = unsafe ZSTD_decompress(
                buffer.baseAddress,
                count,
                $0.baseAddress,
                $0.count
            )
        }
        filled = ZSTD_isError(length) == 0 ? length : 0
    }
    return content.count == count ? content : nil
}
