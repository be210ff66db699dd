import OctavoBase

/// Checks who signed a model, and that it is as it was signed.
///
/// - Parameters:
///   - folder: The model's files.
///   - trusted: The keys of which one must have signed it; without any it is only checked that the files are
///     those of the signature that is there.
///   - needed: Files that a signature must not leave out.
///   - report: Where the checks go.
/// - Throws: When a file cannot be read for other reasons than what it holds.
func checkOrigin(
    _ folder: ModelFolder,
    trusted: [TrustedKey],
    needed: Set<String>,
    _ report: inout VerificationReport
) throws {
    let name = SignatureBundle.fileName
    guard fileKind(joined(folder.path, name)) != nil else {
        report.add(
            .origin,
            "signature",
            trusted.isEmpty ? .skipped : .failed,
            "there is no \(name)"
                + (trusted.isEmpty ? "" : ", expected one by the key \(names(of: trusted))")
        )
        return
    }
    let bundle: SignatureBundle
    do { bundle = try readSignature(folder) } catch {
        report.add(.origin, "signature", .failed, "\(error)")
        report.add(.origin, "signed files", .skipped, "the signature cannot be read")
        return
    }
    report.signer = bundle.fingerprint
    if trusted.isEmpty {
        report.add(
            .origin,
            "signature",
            .skipped,
            "it says to be by the key \(bundle.fingerprint); no key was given to check that with"
        )
    } else if let key = trusted.first(where: { bundle.isSigned(by: $0.key) }) {
        report.add(
            .origin,
            "signature",
            .passed,
            "by the key \(key.key.fingerprint) of \(key.path)"
        )
    } else if trusted.contains(where: { $0.key.fingerprint.hex == bundle.fingerprint }) {
        report.add(
            .origin,
            "signature",
            .failed,
            "it is not what the key \(bundle.fingerprint), which it names, made of what it signs"
        )
    } else {
        report.add(
            .origin,
            "signature",
            .failed,
            "it is by the key \(bundle.fingerprint), expected \(names(of: trusted))"
        )
    }
    let statement = bundle.statement
    let open = try uncovered(folder, statement)
    report.add(
        .origin,
        "signed files",
        problems: try signedFileProblems(folder, statement, needed),
        otherwise: "\(folder.loneFile ?? "\(statement.files.count)") as signed under the name "
            + "\"\(statement.name.prefix(200))\""
            + (open.isEmpty ? "" : "; left out: \(open.joined(separator: ", "))")
    )
}

/// The keys by their fingerprints.
private func names(of keys: [TrustedKey]) -> String {
    keys.map(\.key.fingerprint.hex).joined(separator: " or ")
}

/// What makes a signature's file one that cannot be read, with its name.
private struct UnreadableSignature: Error, CustomStringConvertible {
    let reason: String
    var description: String { "\(SignatureBundle.fileName) cannot be read: \(reason)" }
}

private func readSignature(_ folder: ModelFolder) throws -> SignatureBundle {
    let name = SignatureBundle.fileName
    if let problem = folder.problem(with: name) { throw UnreadableSignature(reason: problem) }
    let place = joined(folder.path, name)
    do {
        let size = try fileSize(place)
        guard size <= SignatureBundle.largest else { throw SignatureError.tooLong(bytes: size) }
        return try SignatureBundle(parsing: readFile(place))
    } catch { throw UnreadableSignature(reason: "\(error)") }
}

/// What is other than it was signed, and what should have been signed and is not.
private func signedFileProblems(
    _ folder: ModelFolder,
    _ statement: SignedStatement,
    _ needed: Set<String>
) throws -> [String] {
    var problems: [String] = []
    let signed = Dictionary(
        statement.files.map { ($0.path, $0.digest) },
        uniquingKeysWith: { first, _ in first }
    )
    if let file = folder.loneFile {
        guard let digest = signed[file] else { return ["\(file) is not signed"] }
        let found = try folder.digest(of: file)
        return found == digest ? [] : ["\(file) has sha256 \(found), signed was \(digest)"]
    }
    for file in statement.files {
        if let problem = folder.problem(with: file.path) {
            problems.append(problem)
            continue
        }
        let found = try folder.digest(of: file.path)
        if found != file.digest {
            problems.append("\(file.path) has sha256 \(found), signed was \(file.digest)")
        }
    }
    for path in try folder.files() where signed[path] == nil {
        guard isIgnored(path, by: neverSigned + statement.ignoredPaths) else {
            problems.append("\(path) is not signed")
            continue
        }
        if needed.contains(path) { problems.append("the signature leaves out \(path)") }
    }
    return problems
}

/// The files that the signature leaves out on purpose.
private func uncovered(_ folder: ModelFolder, _ statement: SignedStatement) throws -> [String] {
    guard folder.loneFile == nil else { return [] }
    return try folder.files().filter {
        isIgnored($0, by: statement.ignoredPaths) && !isIgnored($0, by: neverSigned)
    }
}
