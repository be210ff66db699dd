import Foundation
import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

/// A `model.sig` that lies, in one way, and a part of what it is refused for.
struct HostileSignature: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let words: String
    /// What is done to the statement before it is signed, to the bundle, and to the file's text.
    var statement: @Sendable (inout JSON) -> Void = { _ in }
    var bundle: @Sendable (inout JSON) -> Void = { _ in }
    var text: @Sendable (String) -> String = { $0 }

    static func statement(
        _ description: String,
        _ words: String,
        _ change: @escaping @Sendable (inout JSON) -> Void
    ) -> Self { Self(testDescription: description, words: words, statement: change) }

    static func bundle(
        _ description: String,
        _ words: String,
        _ change: @escaping @Sendable (inout JSON) -> Void
    ) -> Self { Self(testDescription: description, words: words, bundle: change) }

    static func text(
        _ description: String,
        _ words: String,
        _ change: @escaping @Sendable (String) -> String
    ) -> Self { Self(testDescription: description, words: words, text: change) }

    /// The file, signed by a key in every case: a lie is no better for being signed.
    func bytes(_ key: PrivateKey) throws -> [UInt8] {
        var statement = Self.statement
        self.statement(&statement)
        let payload = Array(statement.text(.compact).utf8)
        let type = "application/vnd.in-toto+json"
        let signed = Array("DSSEv1 28 \(type) \(payload.count) ".utf8) + payload
        var bundle = JSON.object([
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": .object([
                "publicKey": .object(["hint": .string(key.publicKey.fingerprint.hex)]),
                "tlogEntries": [],
            ]),
            "dsseEnvelope": .object([
                "payload": .string(Data(payload).base64EncodedString()),
                "payloadType": .string(type),
                "signatures": [
                    .object([
                        "sig": .string(Data(try key.signature(of: signed)).base64EncodedString()),
                        "keyid": "",
                    ])
                ],
            ]),
        ])
        self.bundle(&bundle)
        return Array(text(bundle.text(.compact)).utf8)
    }

    /// Two files, as the Python tool writes them.
    private static var statement: JSON {
        let (a, b) = (Digest(of: "a"), Digest(of: "b"))
        func resource(_ name: String, _ digest: Digest) -> JSON {
            .object([
                "name": .string(name), "algorithm": "sha256", "digest": .string(digest.hex),
            ])
        }
        return .object([
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                .object([
                    "name": "m",
                    "digest": .object(["sha256": .string(Digest(of: a.bytes + b.bytes).hex)]),
                ])
            ],
            "predicateType": "https://model_signing/signature/v1.0",
            "predicate": .object([
                "resources": [resource("a", a), resource("b", b)],
                "serialization": .object([
                    "allow_symlinks": false, "method": "files", "hash_type": "sha256",
                    "ignore_paths": [".git", "model.sig"],
                ]),
            ]),
        ])
    }
}

extension JSON {
    /// Sets what is below some keys; a number is an index, and nil removes a key.
    mutating func set(_ path: String..., to value: JSON?) { set(path[...], to: value) }

    private mutating func set(_ path: ArraySlice<String>, to value: JSON?) {
        guard let key = path.first else {
            if let value { self = value }
            return
        }
        if var items = array, let index = Int(key) {
            items[index].set(path.dropFirst(), to: value)
            self = .array(items)
        } else if var members = object {
            if path.count == 1 {
                members[key] = value
            } else {
                var member = members[key] ?? .object(JSONObject())
                member.set(path.dropFirst(), to: value)
                members[key] = member
            }
            self = .object(members)
        }
    }
}

private let hostile: [HostileSignature] = [
    .text("nothing", "too early") { _ in "" },
    .text("no JSON", "malformed") { _ in "-----BEGIN SIGNATURE-----" },
    .text("cut off", "too early") { String($0.dropLast()) },
    .text("something behind it", "follows") { $0 + "{}" },
    .text("a key twice", "appears twice") {
        $0.replacing("{\"mediaType\"", with: "{\"dsseEnvelope\":{},\"mediaType\"")
    },
    .text("very deep", "too deeply") { _ in String(repeating: "[", count: 100_000) },
    .text("millions of values", "more values") { _ in
        "[" + String(repeating: "0,", count: 1_100_000) + "0]"
    },
    .text("a list", "of the type nothing") { _ in "[]" },
    .bundle("an older bundle", "v0.1\"") {
        $0.set("mediaType", to: "application/vnd.dev.sigstore.bundle+json;version=v0.1")
    },
    .bundle("no type", "of the type nothing") { $0.set("mediaType", to: nil) },
    .bundle("a type that is a number", "of the type nothing") { $0.set("mediaType", to: 3) },
    .bundle("no key", "verificationMaterial") { $0.set("verificationMaterial", to: nil) },
    .bundle("a certificate", "a certificate") {
        $0.set("verificationMaterial", "certificate", to: .object(["rawBytes": "AAAA"]))
    },
    .bundle("a chain of certificates", "a certificate") {
        $0.set("verificationMaterial", "x509CertificateChain", to: .object([:]))
    },
    .bundle("no fingerprint", "does not name its key") {
        $0.set("verificationMaterial", "publicKey", to: .object([:]))
    },
    .bundle("a fingerprint that is none", "does not name its key") {
        $0.set("verificationMaterial", "publicKey", "hint", to: "../../key")
    },
    .bundle("no envelope", "dsseEnvelope is missing") { $0.set("dsseEnvelope", to: nil) },
    .bundle("a signature of another kind beside it", "2 signatures") {
        $0.set("messageSignature", to: .object([:]))
    },
    .bundle("another payload type", "text/plain") {
        $0.set("dsseEnvelope", "payloadType", to: "text/plain")
    },
    .bundle("no signature", "0 signatures") { $0.set("dsseEnvelope", "signatures", to: []) },
    .bundle("two signatures", "2 signatures") {
        let one = $0["dsseEnvelope"]?["signatures"]?.array?.first ?? .null
        $0.set("dsseEnvelope", "signatures", to: .array([one, one]))
    },
    .bundle("signatures that are a text", "signatures is missing") {
        $0.set("dsseEnvelope", "signatures", to: "AAAA")
    },
    .bundle("a signature that is no base64", "sig is not base64") {
        $0.set("dsseEnvelope", "signatures", "0", "sig", to: "AA-_")
    },
    .bundle("a payload that is no base64", "payload is not base64") {
        $0.set("dsseEnvelope", "payload", to: "e30")
    },
    .bundle("a payload that is no JSON", "what it signs is malformed") {
        $0.set("dsseEnvelope", "payload", to: "e30g4pyT")
    },
    .bundle("an empty payload", "what it signs is malformed") {
        $0.set("dsseEnvelope", "payload", to: "")
    },
    .statement("another statement", "v0.1") {
        $0.set("_type", to: "https://in-toto.io/Statement/v0.1")
    },
    .statement("another predicate", "slsa.dev") {
        $0.set("predicateType", to: "https://slsa.dev/provenance/v1")
    },
    .statement("the tool's experimental predicate", "Digests/v0.1") {
        $0.set("predicateType", to: "https://model_signing/Digests/v0.1")
    },
    .statement("no subject", "0 subjects") { $0.set("subject", to: []) },
    .statement("two subjects", "2 subjects") {
        $0.set("subject", to: .array(Array(repeating: $0["subject"]?.array?[0] ?? .null, count: 2)))
    },
    .statement("a subject without a digest", "subject[0].digest.sha256") {
        $0.set("subject", "0", "digest", to: .object(["sha1": "00"]))
    },
    .statement("another digest of all", "expected \(Digest(of: "").hex)") {
        $0.set("subject", "0", "digest", "sha256", to: .string(Digest(of: "").hex))
    },
    .statement("no predicate", "lacks a sound predicate") { $0.set("predicate", to: nil) },
    .statement("files in pieces", "shards with sha256") {
        $0.set("predicate", "serialization", "method", to: "shards")
    },
    .statement("another hash", "files with blake3") {
        $0.set("predicate", "serialization", "hash_type", to: "blake3")
    },
    .statement("another hash of a file", "files with sha1") {
        $0.set("predicate", "resources", "1", "algorithm", to: "sha1")
    },
    .statement("links neither followed nor refused", "allow_symlinks") {
        $0.set("predicate", "serialization", "allow_symlinks", to: nil)
    },
    .statement("everything left out", "the path \".\"") {
        $0.set("predicate", "serialization", "ignore_paths", to: ["."])
    },
    .statement("what is above left out", "the path \"..\"") {
        $0.set("predicate", "serialization", "ignore_paths", to: [".."])
    },
    .statement("an absolute path left out", "the path \"/\"") {
        $0.set("predicate", "serialization", "ignore_paths", to: ["/"])
    },
    .statement("a number left out", "ignore_paths") {
        $0.set("predicate", "serialization", "ignore_paths", to: [3])
    },
    .statement("no files", "0 files") { $0.set("predicate", "resources", to: []) },
    .statement("files that are none", "resources") { $0.set("predicate", "resources", to: "a") },
    .statement("too many files", "100001 files") {
        $0.set("predicate", "resources", to: .array(Array(repeating: .object([:]), count: 100_001)))
    },
    .statement("a file without a name", "resources[0].name") {
        $0.set("predicate", "resources", "0", "name", to: nil)
    },
    .statement("a single file, as the tool signs it", "the path \".\"") {
        $0.set("predicate", "resources", "0", "name", to: ".")
    },
    .statement("an absolute path", "the path \"/etc/passwd\"") {
        $0.set("predicate", "resources", "0", "name", to: "/etc/passwd")
    },
    .statement("a path that leads out", "the path \"../a\"") {
        $0.set("predicate", "resources", "0", "name", to: "../a")
    },
    .statement("a path with a zero in it", "the path") {
        $0.set("predicate", "resources", "0", "name", to: "a\0b")
    },
    .statement("a path of megabytes", "the path") {
        $0.set(
            "predicate",
            "resources",
            "0",
            "name",
            to: .string(String(repeating: "a", count: 5000))
        )
    },
    .statement("a path that is not the shortest", "the path \"b//a\"") {
        $0.set("predicate", "resources", "0", "name", to: "b//a")
    },
    .statement("a file twice", "lists \"b\" twice") {
        $0.set("predicate", "resources", "0", "name", to: "b")
    },
    .statement("a digest that is none", "resources[0].digest") {
        $0.set("predicate", "resources", "0", "digest", to: "00")
    },
    .statement("a digest in capitals", "resources[1].digest") {
        $0.set(
            "predicate",
            "resources",
            "1",
            "digest",
            to: .string(Digest(of: "b").hex.uppercased())
        )
    },
]

@Suite("Signatures that lie")
struct HostileSignatureTests {
    @Test("what is changed by none of them is accepted")
    func acceptsHonest() throws {
        let key = try PrivateKey(new: .p256)
        let honest = HostileSignature(testDescription: "", words: "")
        let bundle = try SignatureBundle(parsing: honest.bytes(key))
        #expect(bundle.isSigned(by: key.publicKey))
        #expect(bundle.statement.files.map(\.path) == ["a", "b"])
        #expect(bundle.statement.ignoredPaths == [".git", "model.sig"])
        // Members of later versions are passed over, as the predicate's rules want it.
        let newer = HostileSignature.statement("", "") { $0.set("predicate", "more", to: 1) }
        #expect(try SignatureBundle(parsing: newer.bytes(key)).isSigned(by: key.publicKey))
    }

    @Test("are refused for what they are, though they are signed", arguments: hostile)
    func refuses(signature: HostileSignature) throws {
        let bytes = try signature.bytes(PrivateKey(new: .p256))
        let error = #expect(throws: SignatureError.self) { try SignatureBundle(parsing: bytes) }
        let text = "\(try #require(error))"
        #expect(text.contains(signature.words), "\(text)")
        #expect(text.count < 600)
    }

    @Test("a file of any length is refused before it is read")
    func refusesLong() throws {
        let bytes = [UInt8](repeating: 0x20, count: (32 << 20) + 1)
        #expect(throws: SignatureError.tooLong(bytes: bytes.count)) {
            try SignatureBundle(parsing: bytes)
        }
    }

    @Test("a signature is one by its key alone", arguments: EllipticCurve.allCases)
    func isByOneKey(curve: EllipticCurve) throws {
        let key = try PrivateKey(new: curve)
        let honest = HostileSignature(testDescription: "", words: "")
        let bundle = try SignatureBundle(parsing: honest.bytes(key))
        #expect(bundle.isSigned(by: key.publicKey))
        for other in EllipticCurve.allCases {
            let other = try PrivateKey(new: other)
            #expect(!bundle.isSigned(by: other.publicKey))
            // It may name a key of another curve.
            let lie = HostileSignature.bundle("", "") { bundle in
                bundle.set(
                    "verificationMaterial",
                    "publicKey",
                    "hint",
                    to: .string(other.publicKey.fingerprint.hex)
                )
            }
            #expect(try !SignatureBundle(parsing: lie.bytes(key)).isSigned(by: other.publicKey))
        }
    }

    @Test("the signature itself is in DER and nothing else")
    func isCanonical() throws {
        let key = try PrivateKey(new: .p256)
        let changes: [(String, @Sendable ([UInt8]) -> [UInt8])] = [
            ("empty", { _ in [] }),
            ("a byte behind it", { $0 + [0] }),
            ("the length in two bytes", { [0x30, 0x81] + $0.dropFirst() }),
            (
                "a number with a zero before it",
                { der in
                    [0x30, der[1] + 1, 0x02, der[3] + 1, 0] + der.dropFirst(4)
                }
            ),
            ("zeros", { _ in [0x30, 6, 2, 1, 0, 2, 1, 0] }),
            ("raw numbers", { Array($0.suffix(64)) }),
        ]
        for (name, change) in changes {
            let lie = HostileSignature.bundle(name, "") { bundle in
                let sig = bundle["dsseEnvelope"]?["signatures"]?.array?[0]["sig"]?.string ?? ""
                let der = [UInt8](Data(base64Encoded: sig) ?? Data())
                bundle.set(
                    "dsseEnvelope",
                    "signatures",
                    "0",
                    "sig",
                    to: .string(Data(change(der)).base64EncodedString())
                )
            }
            let bundle = try SignatureBundle(parsing: lie.bytes(key))
            #expect(!bundle.isSigned(by: key.publicKey), "\(name)")
        }
    }

    @Test("a bit anywhere in the file makes it another's, or changes nothing of what it says")
    func survivesBits() throws {
        let key = try PrivateKey(new: .p256)
        let bytes = try HostileSignature(testDescription: "", words: "").bytes(key)
        let honest = try SignatureBundle(parsing: bytes)
        var kept = 0
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << UInt8(index % 7)
            guard let bundle = try? SignatureBundle(parsing: changed),
                bundle.isSigned(by: key.publicKey)
            else { continue }
            kept += 1
            #expect(bundle.statement == honest.statement, "byte \(index)")
        }
        // The names of `keyid` and `tlogEntries`, which nobody reads.
        #expect(kept < 40)
    }
}
