/// The bytes ended before what was asked for.
public struct TruncatedError: Error, Hashable, Sendable {
    /// Where reading stood.
    public let offset: Int
    /// How many bytes were wanted there.
    public let needed: Int
    /// How many were left.
    public let available: Int
}

/// A bounded little-endian reader over borrowed bytes: it never reads past their end.
public struct ByteReader: ~Escapable {
    private let bytes: RawSpan
    /// How many bytes have been read.
    public private(set) var offset = 0

    /// Reads from the start of `bytes`.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) { self.bytes = bytes }

    /// How many bytes are left.
    public var remaining: Int { bytes.byteCount - offset }

    private mutating func advance(_ count: Int) throws(TruncatedError) -> Int {
        guard count >= 0, count <= remaining else {
            throw TruncatedError(offset: offset, needed: count, available: remaining)
        }
        defer { offset += count }
        return offset
    }

    /// Reads an integer of any width.
    public mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
        _: T.Type
    ) throws(TruncatedError) -> T {
        let start = try advance(MemoryLayout<T>.size)
        return unsafe T(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: start, as: T.self))
    }

    /// Reads a 32-bit float.
    public mutating func readFloat() throws(TruncatedError) -> Float {
        Float(bitPattern: try read(UInt32.self))
    }

    /// Reads a 64-bit float.
    public mutating func readDouble() throws(TruncatedError) -> Double {
        Double(bitPattern: try read(UInt64.self))
    }

    /// Reads `count` bytes.
    public mutating func read(count: Int) throws(TruncatedError) -> [UInt8] {
        let start = try advance(count)
        return bytes.extracting(start..<start + count).array
    }

    /// Passes over `count` bytes.
    public mutating func skip(_ count: Int) throws(TruncatedError) {
        _ = try advance(count)
    }
}
