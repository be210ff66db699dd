import Foundation
import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

/// Faults of the signature alone.
let signatureFaults: [Fault] = [
    Fault("the signature removed", .origin, "there is no model.sig") {
        try removeAll($0("model.sig"))
    },
    Fault("the signature cut off", .origin, "model.sig cannot be read") {
        try $0.change("model.sig") { $0.removeLast($0.count / 3) }
    },
    Fault("the signature's last byte cut off", .origin, "model.sig cannot be read") {
        try $0.change("model.sig") { $0.removeLast() }
    },
    Fault("the signature emptied", .origin, "model.sig cannot be read") {
        try $0.change("model.sig") { $0 = [] }
    },
    Fault("a signature by another key", .origin, "it is by the key") {
        try removeAll($0("model.sig"))
        _ = try signModel($0.model, with: SigningKey(PrivateKey(new: .p256)))
    },
    Fault("a signature by another key that names this one", .origin, "it is not what the key") {
        try removeAll($0("model.sig"))
        let other = try PrivateKey(new: .p256)
        _ = try signModel($0.model, with: SigningKey(other))
        try $0.replace(
            "model.sig",
            other.publicKey.fingerprint.hex,
            with: $0.published.key.publicKey.fingerprint.hex
        )
    },
    Fault("a signature of another model", .origin, "README.md has sha256") { place in
        let other = joined(place.path, "other")
        var files = place.published.files
        files["README.md"] = [1]
        try write(files, to: other)
        _ = try signModel(other, with: SigningKey(place.published.key))
        try AtomicFile.write(readFile(other + "/model.sig"), to: place("model.sig"))
    },
    Fault(
        "a signature that leaves out the weights",
        .origin,
        "the signature leaves out model-00001"
    ) {
        try removeAll($0("model.sig"))
        _ = try signModel(
            $0.model,
            with: SigningKey($0.published.key),
            ignoring: ["model-00001-of-00002.safetensors"]
        )
    },
    Fault("what is signed, edited", .origin, "it is not what the key") { place in
        try place.editPayload { $0.replacing("\"name\":\"folded\"", with: "\"name\":\"edited\"") }
    },
    Fault("what is signed, with another digest", .origin, "the digests of its files give") {
        place in
        try place.editPayload {
            $0.replacing(/"digest":"[0-9a-f]{8}/, with: "\"digest\":\"00000000")
        }
    },
    Fault("the signature a link out of the model", .bytes, "model.sig is a link out of the model") {
        try $0.linkElsewhere("model.sig")
    },
]

extension PublishedPlace {
    /// The path of a file of the artifact.
    func callAsFunction(_ file: String) -> String { joined(model, file) }

    /// Changes the bytes of a file.
    func change(_ file: String, _ body: (inout [UInt8]) -> Void) throws {
        var bytes = try readFile(self(file))
        body(&bytes)
        try AtomicFile.write(bytes, to: self(file))
    }

    /// Replaces a text in a file by one of the same or another length, wherever it is; it must be in config.json.
    func replace(_ file: String, _ old: String, with new: String) throws {
        let (bytes, needle) = (Data(try readFile(self(file))), Data(old.utf8))
        guard bytes.range(of: needle) != nil else {
            try #require(file.hasPrefix("model-"), "\(file) has no \(old)")
            return
        }
        var result = bytes
        while let range = result.range(of: needle) {
            result.replaceSubrange(range, with: Data(new.utf8))
        }
        try AtomicFile.write([UInt8](result), to: self(file))
    }

    /// Moves a file out of the model and links to it.
    func linkElsewhere(_ file: String) throws {
        let elsewhere = joined(path, "elsewhere-" + file)
        try moveFile(self(file), to: elsewhere)
        try link(self(file), to: elsewhere)
    }

    /// Edits the record.
    func editRecord(_ body: (inout ArtifactRecord) throws -> Void) throws {
        let file = self(ArtifactRecord.fileName)
        var record = try ArtifactRecord(parsing: readFile(file))
        try body(&record)
        try AtomicFile.write(record.text, to: file)
    }

    /// Writes a file's length and digest into the record.
    func recordAnew(_ file: String) throws {
        let bytes = try readFile(self(file))
        let entry = FileRecord(path: file, size: bytes.count, digest: Digest(of: bytes))
        try editRecord { record in
            record.files.removeAll { $0.path == file }
            record.files.append(entry)
        }
    }

    /// Changes a tensor, in its shard and in the record.
    func forge(_ name: String, _ body: (inout [UInt8]) -> Void) throws {
        for file in try directoryEntries(model) where file.hasSuffix(".safetensors") {
            var tensors = try storedTensors(inFile: self(file))
            guard let tensor = tensors[name] else { continue }
            var bytes = tensor.bytes
            body(&bytes)
            tensors[name] = StoredTensor(dtype: tensor.dtype, shape: tensor.shape, bytes: bytes)
            try AtomicFile.write(safetensors(tensors), to: self(file))
            try recordAnew(file)
            return try editRecord { record in
                for index in record.tensors.indices where record.tensors[index].name == name {
                    record.tensors[index].digest = Digest(of: bytes)
                }
            }
        }
        Issue.record("there is no tensor \(name)")
    }

    /// Edits the text that is signed, without signing it anew.
    func editPayload(_ body: (String) -> String) throws {
        try change("model.sig") { bytes in
            guard var bundle = (try? JSON(parsing: bytes))?.object,
                var envelope = bundle["dsseEnvelope"]?.object,
                let payload = envelope["payload"]?.string.flatMap({ Data(base64Encoded: $0) })
            else { return }
            let text = body(String(decoding: payload, as: UTF8.self))
            envelope["payload"] = .string(Data(text.utf8).base64EncodedString())
            bundle["dsseEnvelope"] = .object(envelope)
            bytes = Array(JSON.object(bundle).text(.compact).utf8)
        }
    }
}

/// Makes a link.
func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
}
