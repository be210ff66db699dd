private import Glibc
internal import OctavoBase
private import Synchronization

/// What an upload that is taken up again need not do twice: digests of files, and parts of large ones that the
/// hub has.
///
/// A file `FOLDER.push.json` beside the folder, readable for its owner alone because signed URLs are in it; of a snapshot
/// in the hub's own cache, beside `snapshots`. Nothing in it is believed that could be wrong: a digest counts while length,
/// inode and times of its file are the same, the hub checks what parts add up to, and is asked for what was opened.
/// When the upload is done it is removed. Where it cannot be written, the upload goes on without.
final class UploadJournal: Sendable {
    /// A multipart upload that has begun.
    struct Session: Equatable, Sendable {
        /// Whose it is: endpoint and repository.
        let hub: String
        let completion: WebURL
        let chunk: Int
        let parts: [WebURL]
        /// When its URLs end, in seconds since 1970.
        let expires: Int
        /// The ETags of the parts that have arrived, by index.
        var tags: [Int: String] = [:]
    }

    /// A pull request to which not all has been committed yet.
    struct PullRequest: Equatable, Sendable {
        /// Where it was opened: endpoint, repository and branch.
        let place: String
        let url: String
    }

    /// A pull request that was about to be opened: whether it was is not known.
    struct Opening: Equatable, Sendable {
        /// Where: as of a `PullRequest`.
        let place: String
        /// The newest pull request that was there before; 0 for none.
        let last: Int
        /// What its first commit leaves behind.
        let outcome: CommitOutcome
    }

    private struct State {
        var opening: Opening?
        var pullRequest: PullRequest?
        var digests: [String: (stamp: FileStamp, digest: Digest)] = [:]
        var sessions: [Digest: Session] = [:]
    }

    /// Where it is; nil where there is no place for it.
    let file: String?
    private let state: Mutex<State>

    /// Reads what an earlier upload left beside the folder.
    init(beside folder: String) {
        file = Self.place(for: folder)
        state = Mutex(file.flatMap(Self.read) ?? State())
    }

    /// What the name of a journal ends in.
    static let suffix = ".push.json"

    private static func place(for folder: String) -> String? {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        let whole = try? realPath(folder)
        // Its own name may not say where a folder is: `.`, or that of a snapshot from within `snapshots`.
        if let whole, lastComponent(parent(of: whole)) == "snapshots" { folder = whole }
        if ["", ".", ".."].contains(lastComponent(folder)) {
            guard let whole else { return nil }
            folder = whole
        }
        let name = lastComponent(folder)
        guard !name.isEmpty else { return nil }
        let above = parent(of: folder)
        // The hub's own cache allows no other files beside its snapshots; beside all of them it does.
        return lastComponent(above) == "snapshots"
            ? joined(parent(of: above), name + suffix) : folder + suffix
    }

    /// Whether a file is what an upload left beside a folder, whole or half written: signed URLs may be in it.
    static func isJournal(_ path: String, named name: String) -> Bool {
        if name.contains(suffix + "."), name.hasSuffix(".tmp") { return true }
        guard name.hasSuffix(suffix), let bytes = try? readFile(path, limit: sizeLimit),
            let json = try? JSON(parsing: bytes)
        else { return false }
        return json["version"]?.integer != nil && json["files"]?.object != nil
            && json["uploads"]?.object != nil
    }

    /// The longest journal that is read, in bytes.
    private static let sizeLimit = 64 << 20

    /// The digest of a file that has not changed since it was hashed.
    func digest(of file: LocalFile) -> Digest? {
        state.withLock { state in
            guard let known = state.digests["\(file.path)"], known.stamp == file.stamp else {
                return nil
            }
            return known.digest
        }
    }

    /// Keeps the digest of a file.
    func note(_ digest: Digest, of file: LocalFile) {
        change { $0.digests["\(file.path)"] = (file.stamp, digest) }
    }

    /// What there is of an upload of an object to a hub, if its URLs are still good for a while.
    func session(_ oid: Digest, at hub: String, size: Int) -> Session? {
        state.withLock { state in
            guard let session = state.sessions[oid], session.hub == hub,
                session.expires > time(nil) + 60,
                session.parts.count == pieceCount(of: size, each: session.chunk)
            else { return nil }
            return session
        }
    }

    /// Keeps that an upload has begun.
    func begin(_ session: Session, of oid: Digest) { change { $0.sessions[oid] = session } }

    /// Keeps that a part has arrived.
    func note(part: Int, tag: String, of oid: Digest) {
        change { $0.sessions[oid]?.tags[part] = tag }
    }

    /// Forgets an upload: it is complete, or of no use.
    func end(_ oid: Digest) { change { $0.sessions[oid] = nil } }

    /// The pull request that an earlier upload to the same place has opened.
    func pullRequest(at place: String) -> PullRequest? {
        state.withLock { $0.pullRequest?.place == place ? $0.pullRequest : nil }
    }

    /// What an earlier upload to the same place was about to open when it ended.
    func opening(at place: String) -> Opening? {
        state.withLock { $0.opening?.place == place ? $0.opening : nil }
    }

    /// Keeps that a pull request is about to be opened.
    func note(_ opening: Opening) { change { $0.opening = opening } }

    /// Keeps that a pull request was opened; nil forgets of all of them.
    func note(_ pullRequest: PullRequest?) {
        change { ($0.opening, $0.pullRequest) = (nil, pullRequest) }
    }

    /// Removes the file: there is nothing left to take up.
    func remove() { if let file { unsafe unlink(file) } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            guard let file else { return }
            try? AtomicFile.write(Self.json(state).text(.compact), to: file, mode: 0o600)
        }
    }
}

extension UploadJournal {
    private static func json(_ state: State) -> JSON {
        var files = JSONObject()
        for (path, known) in state.digests.sorted(by: { $0.key < $1.key }) {
            files[path] = .object([
                "stamp": .array(known.stamp.numbers.map { .integer($0) }),
                "sha256": .string(known.digest.hex),
            ])
        }
        var uploads = JSONObject()
        for (oid, session) in state.sessions.sorted(by: { $0.key.hex < $1.key.hex }) {
            var tags = JSONObject()
            for (part, tag) in session.tags.sorted(by: { $0.key < $1.key }) {
                tags["\(part)"] = .string(tag)
            }
            uploads[oid.hex] = .object([
                "hub": .string(session.hub), "completion": .string("\(session.completion)"),
                "chunk": .integer(session.chunk), "expires": .integer(session.expires),
                "parts": .array(session.parts.map { .string("\($0)") }), "tags": .object(tags),
            ])
        }
        return .object([
            "version": 1,
            "pull_request": state.pullRequest.map {
                .object(["place": .string($0.place), "url": .string($0.url)])
            },
            "opening": state.opening.map {
                .object([
                    "place": .string($0.place), "last": .integer($0.last),
                    "outcome": $0.outcome.json,
                ])
            }, "files": .object(files), "uploads": .object(uploads),
        ])
    }

    /// What a file holds; nil if it is no journal of this version.
    private static func read(_ file: String) -> State? {
        // One that somebody else may have written, or that came along with the folder, could name any URL.
        guard isOwnersAlone(file), let bytes = try? readFile(file, limit: sizeLimit),
            let json = try? JSON(parsing: bytes), json["version"]?.integer == 1
        else { return nil }
        var state = State()
        if let place = json["pull_request"]?["place"]?.string,
            let url = json["pull_request"]?["url"]?.string
        {
            state.pullRequest = PullRequest(place: place, url: url)
        }
        if let opening = json["opening"], let place = opening["place"]?.string,
            let last = opening["last"]?.integer,
            let outcome = opening["outcome"].flatMap({ CommitOutcome($0) })
        {
            state.opening = Opening(place: place, last: last, outcome: outcome)
        }
        for (path, item) in json["files"]?.object ?? JSONObject() {
            let numbers = (item["stamp"]?.array ?? []).compactMap(\.integer)
            guard let stamp = FileStamp(numbers: numbers),
                let digest = try? item.digest("sha256")
            else { continue }
            state.digests[path] = (stamp, digest)
        }
        for (name, item) in json["uploads"]?.object ?? JSONObject() {
            guard let oid = Digest(hex: name) else { continue }
            state.sessions[oid] = Session(item)
        }
        return state
    }
}

extension UploadJournal.Session {
    fileprivate init?(_ json: JSON) {
        guard let hub = json["hub"]?.string,
            let completion = json["completion"]?.string.flatMap({ WebURL($0) }),
            let chunk = json["chunk"]?.integer, chunk > 0,
            let expires = json["expires"]?.integer, let items = json["parts"]?.array
        else { return nil }
        let parts = items.compactMap { $0.string.flatMap { WebURL($0) } }
        guard parts.count == items.count else { return nil }
        self.init(
            hub: hub,
            completion: completion,
            chunk: chunk,
            parts: parts,
            expires: expires
        )
        for (key, tag) in json["tags"]?.object ?? JSONObject() {
            guard let part = Int(key), parts.indices.contains(part), let tag = tag.string else {
                return nil
            }
            tags[part] = tag
        }
    }
}

/// Whether a file is this user's and closed to all others.
private func isOwnersAlone(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        && status.st_uid == geteuid() && status.st_mode & 0o077 == 0
}
