public import OctavoBase

/// A file of a repository, as the hub lists it.
public struct TreeEntry: Sendable, Equatable {
    /// Its path, checked.
    public let path: RepositoryPath
    /// Its length in bytes.
    public let size: Int
    /// What its contents hash to.
    public let content: ContentName
}

/// The hash that names contents on a hub.
public enum ContentName: Hashable, Sendable, CustomStringConvertible {
    /// The SHA-1 that git gives to a blob, in hexadecimal.
    case gitBlob(String)
    /// The SHA-256 of a file stored by LFS.
    case sha256(Digest)

    /// The hexadecimal form, which is also the ETag.
    public var description: String {
        switch self {
        case .gitBlob(let name): name
        case .sha256(let digest): digest.hex
        }
    }

    /// Starts hashing contents of a length, to compare with this name.
    func hasher(size: Int) -> ContentHasher {
        switch self {
        case .gitBlob: return gitBlobHasher(size: size)
        case .sha256: return ContentHasher(.sha256)
        }
    }
}

/// Starts hashing contents of a length for the name git gives to them.
func gitBlobHasher(size: Int) -> ContentHasher {
    let hasher = ContentHasher(.sha1)
    let header = Array("blob \(size)\0".utf8)
    hasher.update(header)
    return hasher
}

extension HubClient {
    /// Lists all files at a revision, page by page.
    ///
    /// - Parameters:
    ///   - id: The repository.
    ///   - revision: A branch, a tag or a commit.
    ///   - skippingUnsafe: Whether a path that must not be written is left out of the list.
    /// - Returns: The files.
    /// - Throws: `HubError.unsafePath` if the hub names a path that must not be written;
    ///   `.malformedReply` if it names more than a million, one of 2^50 bytes or more, lengths that add up to more than
    ///   can be counted, or if they come on more than 10 000 pages.
    public func tree(
        _ id: RepositoryID,
        at revision: Revision,
        skippingUnsafe: Bool = false
    ) async throws -> [TreeEntry] {
        var entries: [TreeEntry] = []
        var total = 0
        var seen: Set<WebURL> = []
        var next: WebURL? = url(
            of: id,
            "/tree/\(percentEncoded(revision.description))?recursive=true&expand=false"
        )
        while let url = next {
            guard seen.insert(url).inserted else {
                throw HubError.malformedReply(
                    from: url.withoutQuery,
                    problem: "its pages go in a circle"
                )
            }
            guard seen.count <= 10_000, entries.count <= 1_000_000 else {
                throw HubError.malformedReply(
                    from: url.withoutQuery,
                    problem: "its pages do not end"
                )
            }
            let response = try await carryOut(WebRequest("GET", url), about: id)
            let json = try response.json(from: url)
            try reading(url) {
                guard let items = json.array else {
                    throw WireError(key: "tree", expected: "a list")
                }
                for item in items where item["type"]?.string != "directory" {
                    do {
                        let entry = try TreeEntry(item)
                        let (sum, overflow) = total.addingReportingOverflow(entry.size)
                        guard !overflow else {
                            throw WireError(
                                key: "size",
                                expected: "a length that adds up with others"
                            )
                        }
                        total = sum
                        entries.append(entry)
                    } catch HubError.unsafePath where skippingUnsafe {
                        continue
                    }
                }
            }
            next = try nextPage(response, after: url)
        }
        return entries
    }

    /// The URL in a `Link` header with `rel="next"`; followed only at the same origin.
    private func nextPage(_ response: WebResponse, after url: WebURL) throws -> WebURL? {
        guard let link = response.headers["link"] else { return nil }
        for part in link.split(separator: ",") where part.contains("rel=\"next\"") {
            guard let open = part.firstIndex(of: "<"), let close = part.firstIndex(of: ">"),
                open < close,
                let next = url.resolving(String(part[part.index(after: open)..<close]))
            else {
                throw HubError.malformedReply(
                    from: url.withoutQuery,
                    problem: "its Link header is malformed"
                )
            }
            guard next.origin == url.origin else {
                throw HubError.unsafeRedirect(next.withoutQuery)
            }
            return next
        }
        return nil
    }
}

extension TreeEntry {
    fileprivate init(_ json: JSON) throws {
        let text = try json.text("path")
        do {
            path = try RepositoryPath(text)
        } catch {
            throw HubError.unsafePath(text, rule: error.rule)
        }
        if let lfs = json["lfs"], lfs != .null {
            content = .sha256(try lfs.digest("oid"))
            size = try Self.size(lfs)
        } else {
            let oid = try json.text("oid")
            guard isCommitID(oid) else { throw WireError(key: "oid", expected: "a git blob") }
            content = .gitBlob(oid)
            size = try Self.size(json)
        }
    }

    /// A length that some disk might hold: what is computed from one cannot overflow.
    private static func size(_ json: JSON) throws(WireError) -> Int {
        let size = try json.size("size")
        guard size < 1 << 50 else {
            throw WireError(key: "size", expected: "a length below \(1 << 50) bytes")
        }
        return size
    }
}
