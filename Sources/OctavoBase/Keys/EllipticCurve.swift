internal import CCrypto

/// The curves of NIST that signatures of models are made on (FIPS 186-5), each with the hash that Sigstore
/// pairs it with.
public enum EllipticCurve: String, Sendable, CaseIterable {
    /// P-256 with SHA-256.
    case p256 = "P-256"
    /// P-384 with SHA-384.
    case p384 = "P-384"
    /// P-521 with SHA-512.
    case p521 = "P-521"

    /// What OpenSSL calls it.
    var opensslName: String {
        switch self {
        case .p256: "prime256v1"
        case .p384: "secp384r1"
        case .p521: "secp521r1"
        }
    }

    /// The hash that is signed.
    var hash: OpaquePointer? {
        switch self {
        case .p256: unsafe EVP_sha256()
        case .p384: unsafe EVP_sha384()
        case .p521: unsafe EVP_sha512()
        }
    }

    /// The length of a SubjectPublicKeyInfo that names the curve and holds both coordinates, in bytes.
    var publicKeyLength: Int {
        switch self {
        case .p256: 91
        case .p384: 120
        case .p521: 158
        }
    }
}
