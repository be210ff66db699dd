internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension HubService {
    /// The most rows of a page.
    private static let rowLimit = 2000
    /// The longest card that is shown.
    private static let cardLimit = 1 << 20

    /// Lists the repositories that the caller may see.
    func hubPage(_ context: Context) async throws -> HTTPResponse {
        let (store, user) = (store, context.caller?.user)
        let repositories = try await runBlocking {
            try store.allRepositories().compactMap { id -> StoredRepository? in
                // One whose file is spoilt stands in nobody's way.
                guard let repository = (try? store.repository(id)) ?? nil,
                    repository.maySee(user)
                else { return nil }
                return repository
            }
        }
        let rows = repositories.prefix(Self.rowLimit).map { repository -> HTML in
            """
            <tr><td><a href="\(endpoint)/\(repository.id.description)">\(repository.id.description)</a></td>
            <td>\(Self.tags(repository))</td><td>\(Self.day(repository.created))</td></tr>
            """
        }
        let more = Self.more(repositories.count - rows.count)
        let body: HTML =
            rows.isEmpty
            ? "<p>There are no public models here yet.</p>"
            : """
            <div class="scroll"><table><tr><th>model</th><th></th><th>since</th></tr>
            \(Array(rows))</table></div>\(more)
            """
        return Page(title: "Models", home: "\(endpoint)/", body: body)
            .response(to: context.request)
    }

    /// Shows a folder of a repository at a revision, and its card.
    func repositoryPage(
        _ context: Context,
        _ id: RepositoryID,
        _ revision: Revision,
        _ folder: String
    ) async throws -> HTTPResponse {
        let (repository, commitID, commit) = try await found(context, id, revision)
        let above = folder.isEmpty ? nil : try? RepositoryPath(folder)
        guard folder.isEmpty || above != nil else { throw Refusal.noEntry(folder) }
        let listing = FileListing(commit.files, below: above)
        guard folder.isEmpty || !listing.rows.isEmpty else { throw Refusal.noEntry(folder) }
        let card = try await card(of: commit)
        let rows = listing.rows.prefix(Self.rowLimit).map { row in
            Self.row(row, at: "\(endpoint)/\(id)", percentEncoded(revision.description))
        }
        let place: HTML = folder.isEmpty ? "" : "<p>in \(folder)</p>"
        let names = repository.branches.keys.sorted() + repository.tags.keys.sorted()
        let revisions = names.map { name -> HTML in
            "<a href=\"\(endpoint)/\(id.description)/tree/\(percentEncoded(name))\">\(name)</a>"
        }
        let body: HTML = """
            <p>\(Self.tags(repository)) at \(revision.description), commit <code>\(commitID)</code>,
            \(Self.day(commit.date)): \(commit.title)</p>
            <p>\(revisions)</p>
            \(place)
            <div class="scroll"><table>
            <tr><th>file</th><th>bytes</th><th>digest</th></tr>
            \(Array(rows))</table></div>
            \(Self.more(listing.rows.count - rows.count))
            \(folder.isEmpty ? card : "")
            """
        return Page(title: id.description, home: "\(endpoint)/", body: body)
            .response(to: context.request)
    }

    /// The model card as the text that it is: nothing in it becomes markup.
    private func card(of commit: StoredCommit) async throws -> HTML {
        guard let path = try? RepositoryPath("README.md"), let file = commit.files[path],
            file.size <= Self.cardLimit
        else { return "" }
        let place = store.contents.path(file.content)
        let bytes = try await runBlocking { try readFile(place, limit: Self.cardLimit) }
        let (header, text) = splitCard(String(decoding: bytes, as: UTF8.self))
        let metadata: HTML =
            header.map { "<h2>Metadata</h2><pre id=\"metadata\">\($0)</pre>" } ?? ""
        return "\(metadata)<h2>Model card</h2><pre id=\"card\">\(text)</pre>"
    }

    private static func row(_ row: FileListing.Row, at repository: String, _ revision: String)
        -> HTML
    {
        let path = percentEncoded(row.path.description, keeping: "/")
        let name = row.path.parts.last ?? ""
        guard let file = row.file else {
            return """
                <tr><td><a href="\(repository)/tree/\(revision)/\(path)">\(name)/</a></td>\
                <td></td><td></td></tr>
                """
        }
        let kind = if case .sha256 = file.content { "sha256" } else { "git" }
        return """
            <tr><td><a href="\(repository)/resolve/\(revision)/\(path)">\(name)</a></td>\
            <td class="size">\(file.size)</td>\
            <td class="digest">\(kind):\(file.content.description)</td></tr>
            """
    }

    /// Says that not all is shown.
    private static func more(_ count: Int) -> HTML { count > 0 ? "<p>and \(count) more</p>" : "" }

    private static func tags(_ repository: StoredRepository) -> HTML {
        let words = [
            repository.isPrivate ? "private" : nil, repository.gating.map { _ in "gated" },
        ]
        return "\(words.compactMap(\.self).map { "<span class=\"tag\">\($0)</span>" as HTML })"
    }

    private static func day(_ seconds: Int) -> String { String(timestamp(seconds).prefix(10)) }
}

/// What a folder holds, directories first.
struct FileListing {
    struct Row {
        let path: RepositoryPath
        /// Nil for a directory.
        let file: StoredFile?
    }

    let rows: [Row]

    init(_ files: [RepositoryPath: StoredFile], below folder: RepositoryPath?) {
        func isInside(_ path: RepositoryPath) -> Bool { folder.map(path.isBelow) ?? true }
        var directories: Set<RepositoryPath> = []
        var plain: [Row] = []
        for (path, file) in files where isInside(path) {
            if let directory = path.folders.first(where: isInside) {
                directories.insert(directory)
            } else {
                plain.append(Row(path: path, file: file))
            }
        }
        rows =
            directories.sorted().map { Row(path: $0, file: nil) }
            + plain.sorted { $0.path < $1.path }
    }
}

/// Takes the YAML at the head of a card from the text below it.
func splitCard(_ card: String) -> (header: String?, text: String) {
    // By bytes: "\r\n" is one Character, and not "\n".
    let lines = card.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    guard lines.first?.trimmingWhitespace() == "---",
        let end = lines.dropFirst().firstIndex(where: { $0.trimmingWhitespace() == "---" })
    else { return (nil, card) }
    return (
        lines[1..<end].joined(separator: "\n"),
        lines[(end + 1)...].joined(separator: "\n").trimmingWhitespace()
    )
}
