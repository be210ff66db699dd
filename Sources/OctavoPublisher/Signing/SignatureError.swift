public import OctavoBase

/// How a `model.sig` lies, is damaged, or asks for what is not checked here, by its rule in
/// formats/model-signing.md.
public enum SignatureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// S-01: It is longer than such a file may be.
    case tooLong(bytes: Int)
    /// S-01: It, or what it signs, is not JSON.
    case notJSON(part: String, JSONError)
    /// S-02: It is a bundle of another version.
    case mediaType(String?)
    /// S-03: It is signed in a way that needs no key, or another than a key.
    case notByKey(found: String)
    /// S-03: It does not say by which key it is.
    case noFingerprint
    /// S-04: It has no envelope, or a member of that is missing or of another type.
    case envelope(String)
    /// S-04: The envelope holds something else than a statement.
    case payloadType(String)
    /// S-04: There is not one signature.
    case signatureCount(Int)
    /// S-05: A text is not base64.
    case base64(String)
    /// S-06: The statement is of another type.
    case statementType(String?)
    /// S-06: The statement says something else than that a model is signed.
    case predicateType(String?)
    /// S-06: There is not one subject.
    case subjectCount(Int)
    /// S-07: The files were hashed in a way that is not checked here.
    case serialization(String)
    /// S-08: A member of the statement is missing or of another type.
    case member(String)
    /// S-09: A path leads out of the model, or is not written in its shortest form.
    case path(String)
    /// S-09: A file is listed twice.
    case samePath(String)
    /// S-09: There is no file, or there are more than may be listed.
    case fileCount(Int)
    /// S-10: The files' digests do not give the subject's.
    case rootDigest(stated: String, found: String)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .tooLong(let bytes):
            "it has \(bytes) bytes, expected at most \(SignatureBundle.largest)"
        case .notJSON(let part, let error): "\(part) is malformed: \(error)"
        case .mediaType(let found):
            "it is of the type \(quoted(found)), expected \(SignatureBundle.mediaType)"
        case .notByKey(let found):
            "it is signed with \(found), expected a key; Octavo checks signatures by keys alone"
        case .noFingerprint:
            "it does not name its key, expected verificationMaterial.publicKey.hint with 64 digits"
        case .envelope(let member): "its \(member) is missing or of the wrong type"
        case .payloadType(let found):
            "it signs \(quoted(found)), expected \(SignatureBundle.payloadType)"
        case .signatureCount(let count): "it has \(count) signatures, expected one"
        case .base64(let member): "its \(member) is not base64"
        case .statementType(let found):
            "it signs a statement of the type \(quoted(found)), expected \(SignedStatement.type)"
        case .predicateType(let found):
            "it states \(quoted(found)), expected \(SignedStatement.predicateType)"
        case .subjectCount(let count): "it is about \(count) subjects, expected one"
        case .serialization(let found):
            "its files were hashed as \(found), expected whole files with sha256"
        case .member(let member): "what it signs lacks a sound \(member)"
        case .path(let path):
            "it names the path \(quoted(path)), expected one of a file inside the model"
        case .samePath(let path): "it lists \(quoted(path)) twice"
        case .fileCount(let count):
            "it lists \(count) files, expected 1 to \(SignedStatement.mostFiles)"
        case .rootDigest(let stated, let found):
            "the digests of its files give \(found), expected \(stated) as it states"
        }
    }
}

/// What somebody wrote, cut to a length that can be shown.
private func quoted(_ text: String?) -> String { text.map { "\"\($0.prefix(200))\"" } ?? "nothing" }
