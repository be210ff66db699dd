/// Why a text is no key that signs models, or why one cannot be used.
public enum KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It holds no key in PEM, or a damaged one.
    case notAKey(expected: String)
    /// It holds a private key where a public one is wanted.
    case isPrivate
    /// It holds a public key where a private one is wanted.
    case isPublic
    /// The key is encrypted, and no passphrase was given.
    case passphraseNeeded
    /// The passphrase does not decrypt the key.
    case wrongPassphrase
    /// The passphrase is empty, longer than 1024 bytes, or holds a zero byte.
    case badPassphrase
    /// The key is of another kind than elliptic curves.
    case notElliptic(kind: String)
    /// The key is on a curve that signatures of models are not made on, or writes its curve out.
    case unsupportedCurve(String)
    /// OpenSSL does not make or use a key.
    case refused(String)

    /// As a clause.
    public var description: String {
        switch self {
        case .notAKey(let expected): "holds no sound key, expected a PEM file with \(expected)"
        case .isPrivate: "holds a private key, expected a public one"
        case .isPublic: "holds a public key, expected a private one"
        case .passphraseNeeded: "is encrypted, and no passphrase was given"
        case .wrongPassphrase: "is encrypted with another passphrase"
        case .badPassphrase: "needs a passphrase of 1 to 1024 bytes, none of them zero"
        case .notElliptic(let kind):
            "holds a key of the kind \(kind), expected one on an elliptic curve"
        case .unsupportedCurve(let curve):
            "holds a key on the curve \(curve), expected P-256, P-384 or P-521 by its name"
        case .refused(let what): "cannot be used: OpenSSL does not \(what)"
        }
    }
}
