public import OctavoBase

/// A `model.sig`: a Sigstore bundle v0.3 around a DSSE envelope with one signature by a key
/// (formats/model-signing.md).
public struct SignatureBundle: Sendable {
    /// The fingerprint of the key that it says it is by; it is true only if ``isSigned(by:)`` holds.
    public let fingerprint: String
    /// What is signed.
    public let statement: SignedStatement
    /// The text that is signed, as it is written.
    private let payload: [UInt8]
    /// The signature in DER.
    private let signature: [UInt8]

    /// The name of the file at the top of a model.
    public static let fileName = "model.sig"
    /// The most bytes that the file may have.
    static let largest = 32 << 20
    static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    static let payloadType = "application/vnd.in-toto+json"

    /// Signs a statement.
    init(signing statement: SignedStatement, with key: PrivateKey) throws(KeyError) {
        self.statement = statement
        fingerprint = key.publicKey.fingerprint.hex
        payload = Array(statement.text.utf8)
        signature = try key.signature(of: preAuthenticationEncoding(payload))
    }

    /// Reads the file.
    ///
    /// - Throws: The first rule that is broken.
    public init(parsing bytes: [UInt8]) throws(SignatureError) {
        guard bytes.count <= Self.largest else { throw .tooLong(bytes: bytes.count) }
        let json = try parsedJSON(bytes, "it")
        guard json["mediaType"]?.string == Self.mediaType else {
            throw .mediaType(json["mediaType"]?.string)
        }
        fingerprint = try Self.fingerprint(json["verificationMaterial"])
        guard let envelope = json["dsseEnvelope"], envelope.object != nil else {
            throw .envelope("dsseEnvelope")
        }
        guard json["messageSignature"] == nil else { throw .signatureCount(2) }
        guard let type = envelope["payloadType"]?.string else {
            throw .envelope("dsseEnvelope.payloadType")
        }
        guard type == Self.payloadType else { throw .payloadType(type) }
        guard let signatures = envelope["signatures"]?.array else {
            throw .envelope("dsseEnvelope.signatures")
        }
        guard signatures.count == 1 else { throw .signatureCount(signatures.count) }
        signature = try Self.bytes(signatures[0]["sig"], "dsseEnvelope.signatures[0].sig")
        payload = try Self.bytes(envelope["payload"], "dsseEnvelope.payload")
        statement = try SignedStatement(parsing: payload)
    }

    private static func fingerprint(_ json: JSON?) throws(SignatureError) -> String {
        guard let json, json.object != nil else { throw .envelope("verificationMaterial") }
        for kind in ["certificate", "x509CertificateChain"] where json[kind] != nil {
            throw .notByKey(found: "a certificate")
        }
        guard let hint = json["publicKey"]?["hint"]?.string, Digest(hex: hint) != nil else {
            throw .noFingerprint
        }
        return hint
    }

    private static func bytes(_ json: JSON?, _ member: String) throws(SignatureError) -> [UInt8] {
        guard let text = json?.string else { throw .envelope(member) }
        guard let bytes = bytesOfBase64(text) else { throw .base64(member) }
        return bytes
    }

    /// Whether a key made the signature, and is the one that it names.
    public func isSigned(by key: PublicKey) -> Bool {
        key.fingerprint.hex == fingerprint
            && key.isSignature(signature, of: preAuthenticationEncoding(payload))
    }

    /// The file as text.
    var text: String {
        JSON.object([
            "mediaType": .string(Self.mediaType),
            "verificationMaterial": .object([
                "publicKey": .object(["hint": .string(fingerprint)]), "tlogEntries": [],
            ]),
            "dsseEnvelope": .object([
                "payload": .string(base64(payload)), "payloadType": .string(Self.payloadType),
                "signatures": [.object(["sig": .string(base64(signature)), "keyid": ""])],
            ]),
        ]).text(.compact)
    }
}

/// The bytes that a signature of an envelope is of (DSSE v1.0.0, protocol.md): type and text with their
/// lengths, so that neither can be read as a part of the other.
func preAuthenticationEncoding(_ payload: [UInt8]) -> [UInt8] {
    let type = SignatureBundle.payloadType
    return Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
}
