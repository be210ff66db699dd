import OctavoBase
import OctavoTestSupport
import Testing

/// A key that `openssl` made (formats/vectors/keys.json).
private struct KeyCase: Sendable, CustomTestStringConvertible {
    let json: JSON

    var testDescription: String { json["name"]?.string ?? "" }
    var pem: [UInt8] { Array((json["private"]?.string ?? "").utf8) }
    var passphrase: [UInt8]? { (json["passphrase"]?.string).map { Array($0.utf8) } }
    var error: String? { json["error"]?.string }

    func text(_ name: String) throws -> String { try #require(json[name]?.string) }

    static let all: [KeyCase] = {
        let file = try? readFile(packageRoot + "/formats/vectors/keys.json")
        let json = file.flatMap { try? JSON(parsing: $0) }
        return json?["keys"]?.array?.map(KeyCase.init) ?? []
    }()
    static var accepted: [KeyCase] { all.filter { $0.error == nil } }
    static var refused: [KeyCase] { all.filter { $0.error != nil } }
}

@Suite("Keys that sign, against openssl")
struct KeyTests {
    private let message = Array("octavo".utf8)

    @Test("there are as many as were made")
    func isWhole() { #expect(KeyCase.accepted.count == 13 && KeyCase.refused.count == 19) }

    @Test("a key is read in each form, known by its fingerprint", arguments: KeyCase.accepted)
    private func reads(key: KeyCase) throws {
        let read = try PrivateKey(pem: key.pem, passphrase: key.passphrase)
        #expect(read.publicKey.curve.rawValue == (try key.text("curve")))
        #expect(read.publicKey.pem == (try key.text("public")))
        #expect(read.publicKey.fingerprint.hex == (try key.text("fingerprint")))
        #expect(try PublicKey(pem: Array(key.text("public").utf8)) == read.publicKey)
    }

    @Test("what openssl signed is told from what it did not", arguments: KeyCase.accepted)
    private func verifies(key: KeyCase) throws {
        let publicKey = try PublicKey(pem: Array(key.text("public").utf8))
        let signature = try #require(bytesOfBase64(key.text("signature")))
        #expect(publicKey.isSignature(signature, of: message))
        #expect(!publicKey.isSignature(signature, of: message + [0]))
        #expect(!publicKey.isSignature(signature + [0], of: message))
        #expect(!publicKey.isSignature([], of: message))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!publicKey.isSignature(changed, of: message), "byte \(index)")
        }
        // The length of the whole in two bytes instead of one says the same in BER, not in DER.
        if signature[1] < 0x80 {
            #expect(!publicKey.isSignature([0x30, 0x81] + signature.dropFirst(), of: message))
        }
    }

    @Test("what is no such key is refused for what it is", arguments: KeyCase.refused)
    private func refuses(key: KeyCase) throws {
        let error = #expect(throws: KeyError.self) {
            try PrivateKey(pem: key.pem, passphrase: key.passphrase)
        }
        #expect("\(try #require(error))".contains(try #require(key.error)))
    }

    @Test("a private key is not taken for a public one")
    func refusesPrivate() throws {
        let key = try PrivateKey(new: .p256)
        #expect(throws: KeyError.isPrivate) { try PublicKey(pem: key.pem()) }
        let sealed = try key.pem(passphrase: Array("an octavo".utf8))
        #expect(throws: KeyError.isPrivate) { try PublicKey(pem: sealed) }
    }

    @Test("a new key is written, read again and signs", arguments: EllipticCurve.allCases)
    func makes(curve: EllipticCurve) throws {
        let key = try PrivateKey(new: curve)
        let passphrase = Array("an octavo".utf8)
        for (pem, given) in [
            (try key.pem(), nil), (try key.pem(passphrase: passphrase), passphrase),
        ] {
            let again = try PrivateKey(pem: pem, passphrase: given)
            #expect(again.publicKey == key.publicKey)
            let signature = try again.signature(of: message)
            #expect(key.publicKey.isSignature(signature, of: message))
            #expect(try !PrivateKey(new: curve).publicKey.isSignature(signature, of: message))
        }
        #expect(try PrivateKey(new: curve).publicKey != key.publicKey)
    }

    @Test("a passphrase has its limits", arguments: [0, 1025])
    func limitsPassphrases(count: Int) throws {
        let key = try PrivateKey(new: .p256)
        let passphrase = [UInt8](repeating: 65, count: count)
        #expect(throws: KeyError.badPassphrase) { try key.pem(passphrase: passphrase) }
        #expect(throws: KeyError.badPassphrase) { try key.pem(passphrase: [65, 0, 65]) }
        let longest = [UInt8](repeating: 65, count: 1024)
        let sealed = try key.pem(passphrase: longest)
        #expect(try PrivateKey(pem: sealed, passphrase: longest).publicKey == key.publicKey)
    }
}
