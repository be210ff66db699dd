import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

/// A directory that PyPI's `model-signing` signed (formats/vectors/model-signing.json).
private struct SignedVector: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let publicKey: String
    let ignored: [String]
    let files: [String: [UInt8]]

    init(_ json: JSON) throws {
        testDescription = try #require(json["name"]?.string)
        publicKey = try #require(json["public_key"]?.string)
        ignored = try #require(json["ignored"]?.array).compactMap(\.string)
        var files: [String: [UInt8]] = [:]
        for (path, hex) in try #require(json["files"]?.object) {
            let bytes: [UInt8] = try #require(hex.string.flatMap(bytesOfHex))
            files[path] = bytes
        }
        self.files = files
    }

    static let all: [SignedVector] = {
        let file = try? readFile(packageRoot + "/formats/vectors/model-signing.json")
        let json = file.flatMap { try? JSON(parsing: $0) }
        return json?.array?.compactMap { try? SignedVector($0) } ?? []
    }()
}

@Suite("Signatures by PyPI's model-signing")
struct SignatureVectorTests {
    /// Runs a body with the directory, and gives the origin's checks of it.
    private func origin(
        of vector: SignedVector,
        _ change: (String) throws -> Void = { _ in }
    ) async throws -> VerificationReport {
        try await withTemporaryDirectory { directory in
            let (model, key) = (joined(directory, "model"), joined(directory, "key.pub.pem"))
            try write(vector.files, to: model)
            try AtomicFile.write(vector.publicKey, to: key)
            try change(model)
            var request = VerificationRequest(threads: 1)
            request.levels = [.origin]
            request.trustedKeys = [try TrustedKey(path: key)]
            return try verify(path: model, request)
        }
    }

    @Test("there are three")
    func isWhole() { #expect(SignedVector.all.count == 3) }

    @Test("are accepted, with what they leave out", arguments: SignedVector.all)
    private func accepts(vector: SignedVector) async throws {
        let report = try await origin(of: vector)
        #expect(report.outcome(of: .origin) == .passed, "\(report.checks)")
        let left = vector.ignored.contains("README.md")
        let detail = try #require(report.checks.first { $0.name == "signed files" }).detail
        #expect(detail.contains("left out: README.md") == left, "\(detail)")
        let changed = try await origin(of: vector) {
            try AtomicFile.write("changed", to: $0 + "/README.md")
        }
        #expect(changed.holds == left, "\(changed.failures)")
    }

    @Test("list what we would, in the same order", arguments: SignedVector.all)
    private func agrees(vector: SignedVector) async throws {
        let theirs = try SignatureBundle(parsing: try #require(vector.files["model.sig"]))
        try await withTemporaryDirectory { directory in
            let model = joined(directory, "model")
            try write(vector.files, to: model)
            let ours = try signModel(
                model,
                with: SigningKey(PrivateKey(new: .p256)),
                ignoring: vector.ignored
            )
            #expect(ours.statement.files == theirs.statement.files)
            #expect(ours.statement.name == theirs.statement.name)
        }
    }

    @Test("no longer hold where a byte, a file or the key is another", arguments: SignedVector.all)
    private func refuses(vector: SignedVector) async throws {
        let changes: [(words: String, change: (String) throws -> Void)] = [
            ("config.json has sha256", { try AtomicFile.write("[]", to: $0 + "/config.json") }),
            ("empty is missing", { try removeAll($0 + "/empty") }),
            ("more is not signed", { try AtomicFile.write("", to: $0 + "/more") }),
        ]
        for (words, change) in changes {
            let report = try await origin(of: vector, change)
            #expect(report.failures.count == 1 && report.failures[0].contains(words))
        }
        // What git keeps is nobody's to sign.
        let git = try await origin(of: vector) {
            try write([".gitattributes": [1], ".git/config": [2]], to: $0)
        }
        #expect(git.holds)
    }
}
