internal import CCrypto

/// The public half of a key that signs: whoever has it can tell whether the other half made a signature.
public struct PublicKey: Sendable, Hashable {
    /// Its curve.
    public let curve: EllipticCurve
    /// The SubjectPublicKeyInfo in DER (RFC 5480).
    public let encoded: [UInt8]

    init(_ key: OpenSSLKey) throws(KeyError) {
        curve = key.curve
        encoded = try key.publicKeyInfo()
    }

    /// Reads a public key.
    ///
    /// - Parameter pem: A PEM file with a `PUBLIC KEY`.
    /// - Throws: Why it is none.
    public init(pem: [UInt8]) throws(KeyError) {
        guard !holdsPrivateKey(pem) else { throw .isPrivate }
        let read = unsafe withSource(pem) { unsafe octavo_read_public_key($0) }
        guard let pointer = unsafe read ?? nil else {
            throw .notAKey(expected: "BEGIN PUBLIC KEY")
        }
        try self.init(unsafe OpenSSLKey(owning: pointer))
    }

    /// The key as a PEM file, as `openssl pkey -pubout` writes it.
    public var pem: String {
        let digits = Array(base64(encoded))
        let lines = stride(from: 0, to: digits.count, by: 64).map {
            String(digits[$0..<min($0 + 64, digits.count)])
        }
        return (["-----BEGIN PUBLIC KEY-----"] + lines + ["-----END PUBLIC KEY-----", ""])
            .joined(separator: "\n")
    }

    /// The SHA-256 of the PEM file, by which the key is known: what `openssl pkey -pubout | sha256sum` prints.
    public var fingerprint: Digest { Digest(of: pem) }

    /// Whether the other half of the key signed a message: ECDSA over the curve's hash (FIPS 186-5).
    ///
    /// - Parameters:
    ///   - signature: In DER; any other encoding of the same numbers is none.
    ///   - message: What was signed.
    /// - Returns: True only if it did.
    public func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        let key = unsafe encoded.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return unsafe d2i_PUBKEY(nil, &start, buffer.count)
        }
        guard let key = unsafe key else { return false }
        defer { unsafe EVP_PKEY_free(key) }
        guard unsafe EVP_DigestVerifyInit(context, nil, curve.hash, nil, key) == 1 else {
            return false
        }
        return unsafe EVP_DigestVerify(
            context,
            signature,
            signature.count,
            message,
            message.count
        ) == 1
    }
}

/// Whether a PEM file holds a private key, in any of the forms that there are.
func holdsPrivateKey(_ pem: [UInt8]) -> Bool {
    String(decoding: pem, as: UTF8.self).contains("PRIVATE KEY-----")
}
