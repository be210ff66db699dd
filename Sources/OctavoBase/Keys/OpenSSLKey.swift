internal import CCrypto

/// A key of OpenSSL's, on one of the curves.
///
/// Nothing changes it after it was made, so any thread may use it.
@safe
final class OpenSSLKey: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer
    let curve: EllipticCurve

    /// Takes over a key, if it is one of the curves.
    init(owning pointer: OpaquePointer) throws(KeyError) {
        unsafe self.pointer = pointer
        do throws(KeyError) { curve = try unsafe Self.curve(of: pointer) } catch {
            // There is no instance yet whose end would free it.
            unsafe EVP_PKEY_free(pointer)
            throw error
        }
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    private static func curve(of key: OpaquePointer) throws(KeyError) -> EllipticCurve {
        guard unsafe EVP_PKEY_is_a(key, "EC") == 1 else {
            let name = unsafe EVP_PKEY_get0_type_name(key).map { unsafe String(cString: $0) }
            throw .notElliptic(kind: name ?? "unknown")
        }
        // A curve that is written out can pass for a known one whose base point it exchanges.
        guard unsafe text(OSSL_PKEY_PARAM_EC_ENCODING, of: key) != "explicit" else {
            throw .unsupportedCurve("that its parameters describe")
        }
        let name = unsafe text(OSSL_PKEY_PARAM_GROUP_NAME, of: key)
        guard let curve = EllipticCurve.allCases.first(where: { $0.opensslName == name }) else {
            throw .unsupportedCurve(name)
        }
        return curve
    }

    private static func text(_ parameter: String, of key: OpaquePointer) -> String {
        var buffer = [CChar](repeating: 0, count: 80)
        let count = unsafe octavo_key_text(key, parameter, &buffer, buffer.count)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The SubjectPublicKeyInfo (RFC 5480) in DER: the curve by its name, both coordinates.
    func publicKeyInfo() throws(KeyError) -> [UInt8] {
        // Whatever form the key was read in, there is one in which it is known.
        guard
            unsafe EVP_PKEY_set_utf8_string_param(
                pointer,
                OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED
            ) == 1
        else { throw .refused("write its point whole") }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = Int(unsafe i2d_PUBKEY(pointer, &encoded))
        guard count > 0, let start = unsafe encoded else {
            throw .refused("write its public half")
        }
        defer { unsafe CRYPTO_free(start, #file, #line) }
        let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
        guard count == curve.publicKeyLength else {
            throw .unsupportedCurve("that its parameters describe")
        }
        return bytes
    }
}

/// Lends bytes to OpenSSL as a file for as long as a body runs, and forgets what it reports about it.
func withSource<R>(_ bytes: [UInt8], _ body: (OpaquePointer) -> R) -> R? {
    // More than any key has: OpenSSL counts in 32 bits.
    guard bytes.count <= 1 << 20 else { return nil }
    defer { ERR_clear_error() }
    return unsafe bytes.withUnsafeBytes { buffer in
        guard let source = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count)) else {
            return nil
        }
        defer { unsafe BIO_free(source) }
        return unsafe body(source)
    }
}
