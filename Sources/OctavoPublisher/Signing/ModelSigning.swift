import OctavoBase

/// What signing a model came to.
public struct ModelSignature: Sendable {
    /// The fingerprint of the key.
    public let fingerprint: String
    /// What is signed.
    public let statement: SignedStatement
    /// Whether the same was signed by the same key before: then `model.sig` was left as it is.
    public let wasThere: Bool
}

/// What is never signed: the signature itself, and what git, hubs and their tools write beside a model.
///
/// The first five are those that PyPI's `model-signing` leaves out.
let neverSigned = [
    SignatureBundle.fileName, ".git", ".gitattributes", ".github", ".gitignore", ".cache",
]

/// Signs a model's directory: writes `model.sig` into it, with the digest of every other file.
///
/// ECDSA draws a random number for each signature. So that what is unchanged stays so to the byte, a
/// signature that is there already, by the same key, of the same files, is left as it is.
///
/// - Parameters:
///   - directory: The model. Its card and all else should be final: what is changed afterwards no longer
///     is as signed.
///   - key: The key.
///   - name: What the model is called in the signature; by default the directory's name.
///   - ignored: Paths in the directory to leave out, with all below them, beside what is never signed.
///   - progress: Told how far the work is.
/// - Returns: What is signed.
/// - Throws: ``SigningError``; then no file was written.
public func signModel(
    _ directory: String,
    with key: SigningKey,
    name: String? = nil,
    ignoring ignored: [String] = [],
    progress: ProgressHandler = { _ in }
) throws(SigningError) -> ModelSignature {
    guard fileKind(directory) == .directory else {
        throw fileKind(directory) == nil
            ? .file(FileError("open", directory, code: 2)) : .notADirectory(directory)
    }
    for path in ignored where !isInside(path) { throw .ignoredPath(path) }
    do {
        let statement = SignedStatement(
            name: try name ?? lastComponent(realPath(directory)),
            files: try hashedFiles(in: directory, ignoring: neverSigned + ignored, progress),
            ignoredPaths: neverSigned + ignored
        )
        let path = joined(directory, SignatureBundle.fileName)
        if let present = presentSignature(path), present.isSigned(by: key.publicKey),
            isSame(present.statement, statement, named: name)
        {
            return ModelSignature(
                fingerprint: key.fingerprint,
                statement: present.statement,
                wasThere: true
            )
        }
        let bundle = try SignatureBundle(signing: statement, with: key.privateKey)
        try AtomicFile.write(bundle.text, to: path)
        return ModelSignature(
            fingerprint: key.fingerprint,
            statement: statement,
            wasThere: false
        )
    } catch let error as SigningError {
        throw error
    } catch let error as FileError {
        throw .file(error)
    } catch let error as KeyError {
        throw .key(path: "the key", error)
    } catch {
        throw .file(FileError("sign", directory, code: 5))
    }
}

/// The signature that is there, if it can be read.
private func presentSignature(_ path: String) -> SignatureBundle? {
    guard fileKind(path) == .file, !isLink(path),
        let bytes = try? readFile(path, limit: SignatureBundle.largest)
    else { return nil }
    return try? SignatureBundle(parsing: bytes)
}

/// Whether two statements say the same; the name counts only if one was asked for.
private func isSame(_ a: SignedStatement, _ b: SignedStatement, named name: String?) -> Bool {
    a.files == b.files && Set(a.ignoredPaths) == Set(b.ignoredPaths)
        && (name == nil || a.name == b.name)
}

/// The files below a directory that are not left out, each hashed, in the order in which they are signed.
private func hashedFiles(
    in directory: String,
    ignoring ignored: [String],
    _ progress: ProgressHandler
) throws -> [SignedFile] {
    let paths = try filesBelow(directory).filter { !isIgnored($0, by: ignored) }
        .sorted(by: precedesByParts)
    guard !paths.isEmpty else { throw SigningError.nothingToSign(directory) }
    guard paths.count <= SignedStatement.mostFiles else {
        throw SigningError.tooManyFiles(paths.count)
    }
    for path in paths {
        let place = joined(directory, path)
        guard !isLink(place), fileKind(place) == .file else {
            throw SigningError.notAFile(path: place)
        }
    }
    let total = try paths.reduce(0) { try $0 + fileSize(joined(directory, $1)) }
    var done = 0
    return try paths.map { path in
        let digest = try hashedFile(joined(directory, path)) {
            done += $0
            progress(Progress("hashing", done, of: total, unit: .bytes, detail: path))
        }
        return SignedFile(path: path, digest: digest)
    }
}

/// Whether a path is one of some, or below one.
func isIgnored(_ path: String, by ignored: [String]) -> Bool {
    ignored.contains { above in
        path.utf8.elementsEqual(above.utf8) || path.utf8.starts(with: (above + "/").utf8)
    }
}

/// The SHA-256 of a file that is read a piece at a time.
///
/// - Parameters:
///   - path: The file.
///   - onRead: Told how many more bytes were read.
/// - Returns: The digest.
/// - Throws: `FileError` when it cannot be read.
func hashedFile(_ path: String, onRead: (Int) -> Void = { _ in }) throws -> Digest {
    let file = try ReadableFile(path)
    let hasher = ContentHasher(.sha256)
    try file.forEachPiece(of: 0..<file.count) { piece in
        hasher.update(piece)
        onRead(piece.byteCount)
    }
    return Digest(finishing: hasher)
}
