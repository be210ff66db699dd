public import OctavoBase

/// What a signature says of a model: which files it has, and their digests.
///
/// An in-toto Statement v1 with the predicate of OpenSSF Model Signing v1.0 (formats/model-signing.md).
public struct SignedStatement: Sendable, Equatable {
    /// What the model was called when it was signed; informative.
    public var name: String
    /// Its files in the order in which they are listed.
    public var files: [SignedFile]
    /// Paths that are left out, with all below them.
    public var ignoredPaths: [String]

    static let type = "https://in-toto.io/Statement/v1"
    static let predicateType = "https://model_signing/signature/v1.0"
    /// The most files that are accepted.
    static let mostFiles = 100_000
    /// The most bytes of a path: as many as Linux takes.
    static let longestPath = 4096

    /// The SHA-256 over the digests of all files, in their order.
    var rootDigest: Digest {
        let hasher = ContentHasher(.sha256)
        for file in files { hasher.update(file.digest.bytes) }
        return Digest(finishing: hasher)
    }
}

/// A file that a signature lists.
public struct SignedFile: Sendable, Hashable {
    /// Its path in the model.
    public var path: String
    /// The SHA-256 of its bytes.
    public var digest: Digest
}

extension SignedStatement {
    /// The text that is signed.
    var text: String {
        JSON.object([
            "_type": .string(Self.type),
            "subject": [
                .object([
                    "name": .string(name), "digest": .object(["sha256": .string(rootDigest.hex)]),
                ])
            ],
            "predicateType": .string(Self.predicateType),
            "predicate": .object([
                "serialization": .object([
                    "method": "files", "hash_type": "sha256", "allow_symlinks": false,
                    "ignore_paths": .array(ignoredPaths.map(JSON.string)),
                ]),
                "resources": .array(
                    files.map {
                        .object([
                            "name": .string($0.path), "algorithm": "sha256",
                            "digest": .string($0.digest.hex),
                        ])
                    }
                ),
            ]),
        ]).text(.canonical)
    }

    /// Reads what was signed.
    ///
    /// - Throws: The first rule that is broken.
    init(parsing bytes: [UInt8]) throws(SignatureError) {
        let json = try parsedJSON(bytes, "what it signs")
        guard json["_type"]?.string == Self.type else {
            throw .statementType(json["_type"]?.string)
        }
        guard json["predicateType"]?.string == Self.predicateType else {
            throw .predicateType(json["predicateType"]?.string)
        }
        guard let subjects = json["subject"]?.array else { throw .member("subject") }
        guard subjects.count == 1 else { throw .subjectCount(subjects.count) }
        guard let name = subjects[0]["name"]?.string else { throw .member("subject[0].name") }
        guard let stated = subjects[0]["digest"]?["sha256"]?.string,
            let root = Digest(hex: stated)
        else { throw .member("subject[0].digest.sha256") }
        guard let predicate = json["predicate"], predicate.object != nil else {
            throw .member("predicate")
        }
        ignoredPaths = try Self.ignoredPaths(predicate["serialization"])
        files = try Self.files(predicate["resources"])
        self.name = name
        guard rootDigest == root else {
            throw .rootDigest(stated: root.hex, found: rootDigest.hex)
        }
    }

    private static func ignoredPaths(_ json: JSON?) throws(SignatureError) -> [String] {
        guard let json, json.object != nil else { throw .member("predicate.serialization") }
        guard let method = json["method"]?.string, let hash = json["hash_type"]?.string else {
            throw .member("predicate.serialization.method and hash_type")
        }
        guard method == "files", hash == "sha256" else {
            throw .serialization("\(method.prefix(40)) with \(hash.prefix(40))")
        }
        guard json["allow_symlinks"]?.bool != nil else {
            throw .member("predicate.serialization.allow_symlinks")
        }
        guard let list = json["ignore_paths"] else { return [] }
        guard let items = list.array else { throw .member("predicate.serialization.ignore_paths") }
        var paths: [String] = []
        for item in items {
            guard let path = item.string else {
                throw .member("predicate.serialization.ignore_paths")
            }
            guard isPath(path) else { throw .path(path) }
            paths.append(path)
        }
        return paths
    }

    /// Whether a path leads to a file of a model, and is one that systems know.
    private static func isPath(_ path: String) -> Bool {
        isInside(path) && path.utf8.count <= longestPath
    }

    private static func files(_ json: JSON?) throws(SignatureError) -> [SignedFile] {
        guard let items = json?.array else { throw .member("predicate.resources") }
        guard (1...mostFiles).contains(items.count) else { throw .fileCount(items.count) }
        var files: [SignedFile] = []
        var seen: Set<UTF8Key> = []
        for (index, item) in items.enumerated() {
            let place = "predicate.resources[\(index)]"
            guard let path = item["name"]?.string else { throw .member(place + ".name") }
            guard isPath(path) else { throw .path(path) }
            guard seen.insert(UTF8Key(path)).inserted else { throw .samePath(path) }
            guard let algorithm = item["algorithm"]?.string else {
                throw .member(place + ".algorithm")
            }
            guard algorithm == "sha256" else {
                throw .serialization("files with \(algorithm.prefix(40))")
            }
            guard let digest = (item["digest"]?.string).flatMap(Digest.init(hex:)) else {
                throw .member(place + ".digest")
            }
            files.append(SignedFile(path: path, digest: digest))
        }
        return files
    }
}

/// Whether a path comes before another one part by part, as paths are sorted where models are signed: what is
/// in the folder `a` before the file `a.txt`.
func precedesByParts(_ a: String, _ b: String) -> Bool {
    func key(_ path: String) -> some Sequence<UInt8> {
        path.utf8.lazy.map { $0 == UInt8(ascii: "/") ? 0 : $0 }
    }
    return key(a).lexicographicallyPrecedes(key(b))
}

/// Parses a part of a signature; few values are enough for all the files that it may list.
func parsedJSON(_ bytes: [UInt8], _ part: String) throws(SignatureError) -> JSON {
    do throws(JSONError) { return try JSON(parsing: bytes, mostValues: 1_000_000) } catch {
        throw .notJSON(part: part, error)
    }
}
