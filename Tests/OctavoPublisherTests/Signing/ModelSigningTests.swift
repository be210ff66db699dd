import Foundation
import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Signing a model")
struct ModelSigningTests {
    private let files: [String: [UInt8]] = [
        "config.json": Array("{}".utf8), "README.md": [1], "a/b": [2], "a.txt": [3],
        ".gitattributes": [4], ".git/HEAD": [5], ".cache/huggingface/x": [6], ".gitignored": [7],
    ]

    /// Runs a body in a folder with the files.
    private func withFiles(_ body: (String) throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let model = joined(directory, "tiny")
            try write(files, to: model)
            try body(model)
        }
    }

    @Test("lists every file but what git and hubs keep, with the digest of each")
    func signs() async throws {
        try await withFiles { model in
            let key = SigningKey(try PrivateKey(new: .p384))
            let signature = try signModel(model, with: key)
            #expect(!signature.wasThere && signature.fingerprint == key.fingerprint)
            let bundle = try SignatureBundle(parsing: readFile(model + "/model.sig"))
            #expect(bundle.isSigned(by: key.publicKey))
            #expect(bundle.statement == signature.statement)
            #expect(bundle.statement.name == "tiny")
            let expected = [".gitignored", "README.md", "a/b", "a.txt", "config.json"]
            #expect(bundle.statement.files.map(\.path) == expected)
            for file in bundle.statement.files {
                #expect(file.digest == Digest(of: files[file.path] ?? []))
            }
        }
    }

    @Test("what is signed already, by the same key, stays as it is to the byte")
    func keeps() async throws {
        try await withFiles { model in
            let key = SigningKey(try PrivateKey(new: .p256))
            let path = model + "/model.sig"
            _ = try signModel(model, with: key)
            let first = try readFile(path)
            #expect(try signModel(model, with: key).wasThere)
            #expect(try readFile(path) == first)
            // A hub's own files, and another name of the directory, are no change.
            try write([".cache/more": [1]], to: model)
            try moveFile(model, to: model + "-moved")
            #expect(try signModel(model + "-moved", with: key).wasThere)
            try moveFile(model + "-moved", to: model)

            let changes: [(String, () throws -> ModelSignature)] = [
                ("another name", { try signModel(model, with: key, name: "other") }),
                ("less signed", { try signModel(model, with: key, ignoring: ["README.md"]) }),
                (
                    "a changed file",
                    {
                        try AtomicFile.write([9], to: model + "/a.txt")
                        return try signModel(model, with: key, ignoring: ["README.md"])
                    }
                ),
                ("another key", { try signModel(model, with: SigningKey(PrivateKey(new: .p256))) }),
                (
                    "a damaged signature",
                    {
                        try AtomicFile.write([9], to: path)
                        return try signModel(model, with: key)
                    }
                ),
            ]
            for (name, change) in changes {
                let before = try readFile(path)
                #expect(try !change().wasThere, "\(name)")
                #expect(try readFile(path) != before, "\(name)")
            }
        }
    }

    @Test("refuses what cannot be signed, and leaves no signature")
    func refuses() async throws {
        let key = SigningKey(try PrivateKey(new: .p256))
        try await withFiles { model in
            #expect(throws: SigningError.notADirectory(model + "/a.txt")) {
                try signModel(model + "/a.txt", with: key)
            }
            #expect(throws: SigningError.file(FileError("open", model + "x", code: 2))) {
                try signModel(model + "x", with: key)
            }
            for path in ["..", "/etc", "a/../..", "", "."] {
                #expect(throws: SigningError.ignoredPath(path)) {
                    try signModel(model, with: key, ignoring: [path])
                }
            }
            try makeDirectory(model + "/empty")
            #expect(throws: SigningError.nothingToSign(model + "/empty")) {
                try signModel(model + "/empty", with: key)
            }
            try link(model + "/linked", to: "a.txt")
            #expect(throws: SigningError.notAFile(path: model + "/linked")) {
                try signModel(model, with: key)
            }
            #expect(fileKind(model + "/model.sig") == nil)
            _ = try signModel(model, with: key, ignoring: ["linked"])
        }
    }

    @Test("a key is read from a file, with its passphrase")
    func readsKeys() async throws {
        try await withTemporaryDirectory { directory in
            let key = try PrivateKey(new: .p521)
            let (path, other) = (joined(directory, "key.pem"), joined(directory, "pass"))
            try AtomicFile.write(key.pem(passphrase: Array("än octavo".utf8)), to: path)
            #expect(throws: SigningError.key(path: path, .passphraseNeeded)) {
                try SigningKey(path: path)
            }
            try AtomicFile.write("än octavo\r\nmore\n", to: other)
            let passphrase = try readPassphrase(fromFile: other)
            let read = try SigningKey(path: path, passphrase: passphrase)
            #expect(read.fingerprint == key.publicKey.fingerprint.hex)
            for text in ["", "\nsecond", "a\0b", String(repeating: "x", count: 1025)] {
                try AtomicFile.write(text, to: other)
                #expect(throws: SigningError.passphrase(path: other)) {
                    try readPassphrase(fromFile: other)
                }
            }
            try AtomicFile.write([UInt8](repeating: 65, count: 1 << 17), to: path)
            #expect(throws: SigningError.file(FileError(tooLarge: path))) {
                try SigningKey(path: path)
            }
        }
    }
}
