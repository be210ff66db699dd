internal import OctavoBase
internal import OctavoHub

/// A file within a commit.
struct StoredFile: Sendable, Equatable {
    let content: ContentName
    let size: Int

    /// The git blob that stands for the file: itself, or the LFS pointer to it.
    var gitBlob: String {
        switch content {
        case .gitBlob(let name): return name
        case .sha256(let oid):
            let pointer = Array(pointer(to: oid).utf8)
            return gitBlobName(pointer)
        }
    }

    /// The length of the LFS pointer.
    func pointerSize(to oid: Digest) -> Int { pointer(to: oid).utf8.count }

    private func pointer(to oid: Digest) -> String {
        "version https://git-lfs.github.com/spec/v1\noid sha256:\(oid)\nsize \(size)\n"
    }
}

/// A commit: all files that the repository holds at it.
struct StoredCommit: Sendable {
    let parent: String?
    let author: String
    let title: String
    let message: String
    /// When it was made, in seconds since 1970.
    let date: Int
    let files: [RepositoryPath: StoredFile]

    /// The most files of a repository at a commit: its record is read whole.
    static let fileLimit = 1_000_000

    /// Its id: a SHA-1 over all of it, so also over its history.
    var id: String {
        let hasher = ContentHasher(.sha1)
        let text = Array(json.text(.canonical).utf8)
        hasher.update(text)
        return hexadecimal(hasher.finish())
    }

    var json: JSON {
        var table = JSONObject()
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            switch file.content {
            case .gitBlob(let name):
                table[path.description] = .object([
                    "git": .string(name), "size": .integer(file.size),
                ])
            case .sha256(let oid):
                table[path.description] = .object([
                    "lfs": .string(oid.hex), "size": .integer(file.size),
                ])
            }
        }
        return .object([
            "parent": parent.map { .string($0) }, "author": .string(author),
            "title": .string(title),
            "message": .string(message), "date": .integer(date), "files": .object(table),
        ])
    }

    init(
        parent: String?,
        author: String,
        title: String,
        message: String,
        date: Int,
        files: [RepositoryPath: StoredFile]
    ) {
        self.parent = parent
        self.author = author
        self.title = title
        self.message = message
        self.date = date
        self.files = files
    }

    init(_ json: JSON) throws {
        parent = json["parent"]?.string
        author = try json.text("author")
        title = try json.text("title")
        message = try json.text("message")
        date = try json.size("date")
        var files: [RepositoryPath: StoredFile] = [:]
        for (path, value) in json["files"]?.object ?? JSONObject() {
            let content: ContentName =
                if value["lfs"] != nil { .sha256(try value.digest("lfs")) } else {
                    .gitBlob(try value.text("git"))
                }
            files[try RepositoryPath(path)] = StoredFile(
                content: content,
                size: try value.size("size")
            )
        }
        self.files = files
    }
}
