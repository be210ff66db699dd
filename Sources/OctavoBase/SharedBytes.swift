import Glibc

/// Bytes that stay where they are for as long as anyone holds them: a part of a mapped file, or memory of
/// their own.
@safe
public struct SharedBytes: Sendable {
    /// How many there are.
    public let count: Int
    /// What keeps them in place.
    private let owner: any AnyObject & Sendable
    // Nothing writes to them once they are shared.
    private nonisolated(unsafe) let base: UnsafeRawPointer

    private init(_ base: UnsafeRawPointer, count: Int, owner: any AnyObject & Sendable) {
        unsafe self.base = base
        self.count = count
        self.owner = owner
    }

    /// Memory of their own, aligned to 64 bytes, filled before it is shared.
    ///
    /// - Parameters:
    ///   - count: How many bytes.
    ///   - fill: Given as many zeros.
    public init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        let memory = SharedMemory(count: count)
        try unsafe fill(memory.buffer)
        self = unsafe SharedBytes(
            UnsafeRawPointer(memory.base),
            count: count,
            owner: memory
        )
    }

    /// A copy of an array.
    public init(_ array: [UInt8]) {
        unsafe self.init(count: array.count) { unsafe $0.copyBytes(from: array) }
    }

    /// Bytes of a mapped file.
    fileprivate init(_ file: MappedFile, _ range: Range<Int>) {
        let bytes = file.bytes.extracting(range)
        let base = unsafe bytes.withUnsafeBytes { $0.baseAddress }
        guard let base = unsafe base else {
            self.init([])
            return
        }
        self = unsafe SharedBytes(base, count: range.count, owner: file)
    }

    /// Some of them, in the same place.
    public func slice(_ range: Range<Int>) -> SharedBytes {
        precondition(0 <= range.lowerBound && range.upperBound <= count)
        return unsafe SharedBytes(base + range.lowerBound, count: range.count, owner: owner)
    }

    /// All of them.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Hands them to a function as memory.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withExtendedLifetime(owner) {
            try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
        }
    }
}

extension MappedFile {
    /// Some of the file's bytes, which keep the file mapped.
    public func shared(_ range: Range<Int>) -> SharedBytes { SharedBytes(self, range) }
}

/// Memory that is given back when nobody holds it.
@safe
private final class SharedMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let count: Int

    init(count: Int) {
        // Large pages spare the processor many lookups of where memory is.
        let page = 2 << 20
        let isLarge = count >= 2 * page
        unsafe base = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, count),
            alignment: isLarge ? page : 64
        )
        if isLarge { unsafe madvise(base, count, MADV_HUGEPAGE) }
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        self.count = count
    }

    deinit { unsafe base.deallocate() }

    var buffer: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: base, count: count)
    }
}
