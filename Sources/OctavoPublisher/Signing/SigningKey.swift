public import OctavoBase

/// A private key on disk that signs models.
public struct SigningKey: Sendable {
    let privateKey: PrivateKey

    /// The most bytes that a key's file may have.
    static let largest = 1 << 16

    /// The half of it that anybody may know.
    public var publicKey: PublicKey { privateKey.publicKey }

    /// What the key is known by: the SHA-256 of its public half in PEM, 64 hexadecimal digits.
    public var fingerprint: String { publicKey.fingerprint.hex }

    /// Takes a key.
    public init(_ privateKey: PrivateKey) { self.privateKey = privateKey }

    /// Reads a key.
    ///
    /// - Parameters:
    ///   - path: A PEM file: SEC 1 or PKCS #8, encrypted or not, on P-256, P-384 or P-521.
    ///   - passphrase: Decrypts it; of a key that is not encrypted it is not looked at.
    /// - Throws: `.key` with `KeyError.passphraseNeeded` if there should be one and is none.
    public init(path: String, passphrase: [UInt8]? = nil) throws(SigningError) {
        let pem = try keyFile(path)
        do throws(KeyError) {
            privateKey = try PrivateKey(pem: pem, passphrase: passphrase)
        } catch { throw .key(path: path, error) }
    }
}

/// A public key that somebody trusts.
public struct TrustedKey: Sendable, Hashable {
    /// Where it was read.
    public let path: String
    /// The key.
    public let key: PublicKey

    /// Trusts a key that is known otherwise, by a name of its place.
    init(_ key: PublicKey, from path: String) { (self.key, self.path) = (key, path) }

    /// Reads a key.
    ///
    /// - Parameter path: A PEM file with a `PUBLIC KEY`.
    /// - Throws: When it holds none, or a private one.
    public init(path: String) throws(SigningError) {
        self.path = path
        let pem = try keyFile(path)
        do throws(KeyError) { key = try PublicKey(pem: pem) } catch {
            throw .key(path: path, error)
        }
    }
}

private func keyFile(_ path: String) throws(SigningError) -> [UInt8] {
    do throws(FileError) { return try readFile(path, limit: SigningKey.largest) } catch {
        throw .file(error)
    }
}

/// Reads a passphrase from a file: its first line, without what ends it.
///
/// - Throws: When it cannot be read, or the line is empty or longer than 1024 bytes.
public func readPassphrase(fromFile path: String) throws(SigningError) -> [UInt8] {
    var line = try keyFile(path)
    if let end = line.firstIndex(of: 0x0A) { line.removeSubrange(end...) }
    if line.last == 0x0D { line.removeLast() }
    guard (1...1024).contains(line.count), !line.contains(0) else { throw .passphrase(path: path) }
    return line
}
