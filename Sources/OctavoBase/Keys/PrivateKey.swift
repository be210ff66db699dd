internal import CCrypto

/// A key that signs.
public struct PrivateKey: Sendable {
    /// The half of it that anybody may know.
    public let publicKey: PublicKey
    private let key: OpenSSLKey

    /// How often PBKDF2 hashes a passphrase: what OWASP recommends for SHA-256 since 2023.
    private static let iterations: Int32 = 600_000

    private init(_ key: OpenSSLKey) throws(KeyError) {
        self.key = key
        publicKey = try PublicKey(key)
    }

    /// Makes a new key.
    public init(new curve: EllipticCurve) throws(KeyError) {
        defer { ERR_clear_error() }
        guard let pointer = unsafe octavo_make_key(curve.opensslName) else {
            throw .refused("make a key on \(curve.rawValue)")
        }
        try self.init(unsafe OpenSSLKey(owning: pointer))
    }

    /// Reads a private key.
    ///
    /// - Parameters:
    ///   - pem: A PEM file with an `EC PRIVATE KEY` (SEC 1), a `PRIVATE KEY` or an
    ///     `ENCRYPTED PRIVATE KEY` (PKCS #8).
    ///   - passphrase: Decrypts it; of a key that is not encrypted it is not looked at.
    /// - Throws: Why it is none.
    public init(pem: [UInt8], passphrase: [UInt8]? = nil) throws(KeyError) {
        guard holdsPrivateKey(pem) else {
            let isPublic = (try? PublicKey(pem: pem)) != nil
            throw isPublic ? .isPublic : .notAKey(expected: "BEGIN PRIVATE KEY")
        }
        if let passphrase { try Self.check(passphrase) }
        var wasAsked = false
        let read = unsafe withSource(pem) { source in
            unsafe withPassphrase(passphrase) { given in
                let key = unsafe octavo_read_private_key(source, &given)
                wasAsked = unsafe given.was_asked != 0
                return unsafe key
            }
        }
        guard let pointer = unsafe read ?? nil else {
            guard wasAsked else { throw .notAKey(expected: "BEGIN PRIVATE KEY") }
            throw passphrase == nil ? .passphraseNeeded : .wrongPassphrase
        }
        try self.init(unsafe OpenSSLKey(owning: pointer))
    }

    /// The key as a PEM file: PKCS #8, encrypted with AES-256 where there is a passphrase.
    ///
    /// - Parameter passphrase: 1 to 1024 bytes, none of them zero.
    /// - Returns: The file's bytes.
    /// - Throws: `.badPassphrase`, or `.refused` where OpenSSL has no memory for it.
    public func pem(passphrase: [UInt8]? = nil) throws(KeyError) -> [UInt8] {
        if let passphrase { try Self.check(passphrase) }
        defer { ERR_clear_error() }
        guard let sink = unsafe BIO_new(BIO_s_secmem()) else { throw .refused("write it") }
        defer { unsafe BIO_free(sink) }
        let written = unsafe withPassphrase(passphrase) {
            unsafe octavo_write_private_key(sink, key.pointer, &$0, Self.iterations)
        }
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe octavo_written(sink, &start)
        guard written == 1, count > 0, let start = unsafe start else { throw .refused("write it") }
        return unsafe UnsafeRawBufferPointer(start: start, count: count).map { $0 }
    }

    /// Signs a message: ECDSA over the curve's hash (FIPS 186-5), in DER.
    ///
    /// The number that each signature uses once is random, so no two signatures are alike: the libraries
    /// in use (OpenSSL before 3.2) know no way to derive it from the message (RFC 6979).
    public func signature(of message: [UInt8]) throws(KeyError) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .refused("sign") }
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard unsafe EVP_DigestSignInit(context, nil, key.curve.hash, nil, key.pointer) == 1 else {
            throw .refused("sign")
        }
        var count = 0
        guard unsafe EVP_DigestSign(context, nil, &count, message, message.count) == 1 else {
            throw .refused("sign")
        }
        var signature = [UInt8](repeating: 0, count: count)
        guard unsafe EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else {
            throw .refused("sign")
        }
        return Array(signature.prefix(count))
    }

    private static func check(_ passphrase: [UInt8]) throws(KeyError) {
        guard (1...1024).contains(passphrase.count), !passphrase.contains(0) else {
            throw .badPassphrase
        }
    }
}

/// Lends a passphrase to OpenSSL for as long as a body runs.
private func withPassphrase<R>(_ bytes: [UInt8]?, _ body: (inout octavo_passphrase) -> R) -> R {
    guard let bytes else {
        var none = unsafe octavo_passphrase(bytes: nil, count: 0, was_asked: 0)
        return unsafe body(&none)
    }
    return unsafe bytes.withUnsafeBufferPointer { buffer in
        var given = unsafe octavo_passphrase(
            bytes: buffer.baseAddress,
            count: Int32(buffer.count),
            was_asked: 0
        )
        return unsafe body(&given)
    }
}
