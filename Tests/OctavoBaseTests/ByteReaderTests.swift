import OctavoBase
import Testing

@Test
func valuesAreReadInLittleEndianOrder() throws {
    let bytes: [UInt8] = [
        1, 2, 0xFE, 0xFF, 0, 0, 0x80, 0x3F, 0, 0, 0, 0, 0, 0, 0xF0, 0xBF, 9, 8, 7,
    ]
    var reader = ByteReader(bytes.span.bytes)
    let first = try reader.read(UInt16.self)
    let second = try reader.read(Int16.self)
    let third = try reader.readFloat()
    let fourth = try reader.readDouble()
    #expect(first == 0x0201 && second == -2 && third == 1 && fourth == -1)
    try reader.skip(1)
    let rest = try reader.read(count: 2)
    #expect(rest == [8, 7])
    let (offset, remaining) = (reader.offset, reader.remaining)
    #expect(offset == 19 && remaining == 0)
}

/// Refused reads name the place, what was wanted and what was left, and move nothing.
@Test(arguments: [4, 5, .max, -1, .min])
func readingBeyondTheEndIsRefused(count: Int) throws {
    let bytes: [UInt8] = [1, 2, 3, 4]
    var reader = ByteReader(bytes.span.bytes)
    try reader.skip(1)
    let expected = "offset 1, needed \(count), available 3"
    for attempt in 0..<2 {
        do {
            if attempt == 0 { try reader.skip(count) } else { _ = try reader.read(count: count) }
            Issue.record("read \(count) of 3 bytes")
        } catch let error {
            #expect(
                "offset \(error.offset), needed \(error.needed), available \(error.available)"
                    == expected
            )
        }
    }
    do {
        _ = try reader.read(UInt64.self)
        Issue.record("read 8 of 3 bytes")
    } catch let error {
        #expect(error.offset == 1 && error.needed == 8 && error.available == 3)
    }
    let left = try reader.read(count: 3)
    #expect(left == [2, 3, 4])
}

@Test
func arraysAreCopiedFromBytesOnlyWhole() {
    let bytes: [UInt8] = [1, 0, 2, 0, 3]
    #expect([UInt16](copying: bytes.span.bytes.extracting(0..<4)) == [1, 2])
    #expect([UInt16](copying: bytes) == nil)
    let none: [UInt8] = []
    #expect([UInt16](copying: none) == [])
    let word: [UInt32] = [0x0102_0304]
    #expect(word.byteArray == [4, 3, 2, 1] && word.byteArray == [4, 3, 2, 1])
}
