extension Array where Element: BitwiseCopyable {
    /// Lends the elements as the bytes they are in memory, for as long as `body` runs.
    ///
    /// There is no property that lends them: with the compiler in use (6.3), optimized, a span that a
    /// getter of ours lent was seen to outlive a small array, which then held other bytes.
    public func withRawBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        var result: Result<R, E>?
        unsafe withUnsafeBytes { buffer in
            let span = unsafe RawSpan(_unsafeBytes: buffer)
            result = Result { () throws(E) in try body(span) }
        }
        guard let result else { preconditionFailure("withUnsafeBytes calls what it is given") }
        return try result.get()
    }

    /// A copy of the elements as the bytes they are in memory.
    public var byteArray: [UInt8] {
        unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Copies the bytes of `span` into elements, which they must fill exactly.
    ///
    /// - Returns: Nil if they do not.
    public init?(copying span: RawSpan) {
        let width = MemoryLayout<Element>.stride
        guard span.byteCount % width == 0 else { return nil }
        let count = span.byteCount / width
        unsafe self.init(unsafeUninitializedCapacity: count) { buffer, filled in
            unsafe span.withUnsafeBytes {
                unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0)
            }
            filled = count
        }
    }

    /// Makes elements of bytes, which they must fill exactly.
    ///
    /// - Returns: Nil if they do not.
    public init?(copying bytes: [UInt8]) {
        guard let elements = bytes.withRawBytes({ [Element](copying: $0) }) else { return nil }
        self = elements
    }
}

extension RawSpan {
    /// Copies all bytes.
    public var array: [UInt8] {
        unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    }
}
