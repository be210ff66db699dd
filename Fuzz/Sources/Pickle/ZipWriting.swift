/// A zip file of stored entries.
func zipArchive(_ entries: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in entries {
        let start = UInt32(file.count)
        let size = UInt32(bytes.count)
        // Flags, method, time and date; checksum, sizes, lengths of name and extra field.
        let common =
            littleEndian([0, 0] as [UInt32]) + littleEndian([checksum(bytes), size, size])
            + littleEndian([UInt16(name.utf8.count), 0])
        file += littleEndian([0x0403_4B50] as [UInt32]) + [0, 0] + common + name.utf8 + bytes
        directory += littleEndian([0x0201_4B50] as [UInt32]) + [0, 0, 0, 0] + common
        directory += [UInt8](repeating: 0, count: 10) + littleEndian([start]) + name.utf8
    }
    let count = UInt16(entries.count)
    let place = littleEndian([UInt32(directory.count), UInt32(file.count)])
    return file + directory + littleEndian([0x0605_4B50, 0] as [UInt32])
        + littleEndian([count, count]) + place + [0, 0]
}

private func littleEndian<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
    values.flatMap { value in
        (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}

/// The CRC-32 of bytes.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var remainder = UInt32.max
    for byte in bytes {
        remainder ^= UInt32(byte)
        for _ in 0..<8 {
            remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
        }
    }
    return ~remainder
}
