private import CCrypto

/// The SHA-256 of some bytes.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Its 32 bytes.
    public let bytes: [UInt8]

    /// Hashes bytes held in memory.
    public init(of bytes: RawSpan) {
        let hasher = ContentHasher(.sha256)
        hasher.update(bytes)
        self.bytes = hasher.finish()
    }

    /// Hashes the elements of an array as the bytes they are in memory.
    public init(of elements: [some BitwiseCopyable]) {
        self = elements.withRawBytes { Digest(of: $0) }
    }

    /// Hashes the UTF-8 of a text.
    public init(of text: String) {
        self.init(of: Array(text.utf8))
    }

    /// Takes the digest that a hasher arrived at.
    public init(finishing hasher: ContentHasher) {
        bytes = hasher.finish()
    }

    /// Takes a digest of 32 bytes that was worked out elsewhere.
    public init(bytes: [UInt8]) {
        precondition(bytes.count == 32, "a SHA-256 has 32 bytes")
        self.bytes = bytes
    }

    /// Reads 64 lowercase hexadecimal digits, or returns nil.
    public init?(hex: String) {
        guard let bytes = bytesOfHex(hex), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Its 64 lowercase hexadecimal digits.
    public var hex: String { hexadecimal(bytes) }

    /// The hexadecimal form, as everywhere else.
    public var description: String { hex }

    /// Orders by bytes, which is also the order of the hexadecimal forms.
    public static func < (a: Digest, b: Digest) -> Bool {
        a.bytes.lexicographicallyPrecedes(b.bytes)
    }
}

/// Hashes a stream of bytes, a piece at a time, with OpenSSL.
///
/// Not for sharing between threads: one owner updates and finishes it. OpenSSL fails only where it
/// has no memory, or was built without these functions; then the process ends with a message.
@safe
public final class ContentHasher {
    /// The functions in use: SHA-256 for contents, SHA-1 for the names git gives to blobs.
    public enum Function: Sendable {
        /// SHA-256, 32 bytes.
        case sha256
        /// SHA-1, 20 bytes; only ever for git's names, never for trust.
        case sha1
    }

    private enum State {
        case open
        case finished([UInt8])
    }

    private let context: OpaquePointer
    private let length: Int
    private var state = State.open

    /// Starts an empty hash.
    public init(_ function: Function) {
        guard let context = unsafe EVP_MD_CTX_new() else {
            preconditionFailure("OpenSSL has no memory for a hash")
        }
        unsafe self.context = context
        let started: Int32
        switch function {
        case .sha256:
            length = 32
            started = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
        case .sha1:
            length = 20
            started = unsafe EVP_DigestInit_ex(context, EVP_sha1(), nil)
        }
        precondition(started == 1, "OpenSSL cannot start a hash")
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Appends bytes; never after `finish`.
    public func update(_ bytes: RawSpan) {
        guard case .open = state else { preconditionFailure("the hash is finished") }
        let updated = unsafe bytes.withUnsafeBytes {
            unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
        }
        precondition(updated == 1, "OpenSSL cannot go on with a hash")
    }

    /// Appends the elements of an array as the bytes they are in memory.
    public func update(_ elements: [some BitwiseCopyable]) {
        elements.withRawBytes { update($0) }
    }

    /// Returns the hash of all that was appended; asked again, the same.
    public func finish() -> [UInt8] {
        if case .finished(let digest) = state { return digest }
        var digest = [UInt8](repeating: 0, count: length)
        let finished = unsafe digest.withUnsafeMutableBufferPointer {
            unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil)
        }
        precondition(finished == 1, "OpenSSL cannot finish a hash")
        state = .finished(digest)
        return digest
    }
}

/// Returns the name git gives to a blob: SHA-1 of `"blob <length>\0"` and the bytes.
public func gitBlobName(_ bytes: RawSpan) -> String {
    let hasher = ContentHasher(.sha1)
    hasher.update(Array("blob \(bytes.byteCount)\0".utf8))
    hasher.update(bytes)
    return hexadecimal(hasher.finish())
}

/// Returns the name git gives to a blob.
public func gitBlobName(_ bytes: [UInt8]) -> String {
    bytes.withRawBytes { gitBlobName($0) }
}

/// Returns two lowercase hexadecimal digits a byte.
public func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// Reads lowercase hexadecimal digits, two a byte; nil if the text is anything else.
public func bytesOfHex(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for i in stride(from: 0, to: digits.count, by: 2) {
        guard let high = value(digits[i]), let low = value(digits[i + 1]) else { return nil }
        bytes.append(high << 4 | low)
    }
    return bytes
}
