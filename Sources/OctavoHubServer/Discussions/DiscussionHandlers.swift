internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension HubService {
    /// How many discussions one page lists.
    private static let pageSize = 50

    /// Lists a page of discussions, the newest first.
    func discussions(_ context: Context, _ id: RepositoryID) async throws -> HTTPResponse {
        let repository = try await readable(id, by: context.caller)
        let query = context.request.query
        let kept = repository.discussions.enumerated().reversed().filter { _, discussion in
            switch query["type"] {
            case "pull_request" where discussion.head == nil: return false
            case "discussion" where discussion.head != nil: return false
            default: break
            }
            let isOpen = discussion.status == .open || discussion.status == .draft
            switch query["status"] {
            case "open": return isOpen
            case "closed": return !isOpen
            default: return true
            }
        }
        let page = min(max(0, query["p"].flatMap { Int($0) } ?? 0), kept.count)
        let start = min(page * Self.pageSize, kept.count)
        let author = query["author"]
        let store = store
        let (items, count) = try await runBlocking {
            // Who began a discussion stands in its own file, so this filter comes last.
            let all = try author.map { author in
                try kept.filter { try store.text(of: $0.offset + 1, in: id).author == author }
            }
            let items = try (all ?? kept).dropFirst(start).prefix(Self.pageSize).map {
                Self.summary(
                    $0.offset + 1,
                    $0.element,
                    try store.text(of: $0.offset + 1, in: id),
                    id
                )
            }
            return (items, (all ?? kept).count)
        }
        return .json(
            .object([
                "count": .integer(count), "start": .integer(start),
                "discussions": .array(items.map { .object($0) }),
            ])
        )
    }

    /// Tells of one discussion, with all that happened in it.
    func discussion(_ context: Context, _ id: RepositoryID, _ number: Int) async throws
        -> HTTPResponse
    {
        let repository = try await readable(id, by: context.caller)
        guard repository.discussions.indices.contains(number - 1) else {
            throw Refusal.noDiscussion
        }
        let discussion = repository.discussions[number - 1]
        let store = store
        let details = try await runBlocking {
            let text = try store.text(of: number, in: id)
            var details = Self.summary(number, discussion, text, id)
            details["events"] = .array(text.events.map(\.json))
            guard discussion.head != nil else { return details }
            details["changes"] = .object([
                "base": .string("refs/heads/\(discussion.target)"),
                "mergeCommitId": discussion.merge.map(JSON.string),
            ])
            // A branch that is gone changes nothing any more.
            let branch = discussion.merge == nil ? repository.branches[discussion.target] : nil
            let conflicts =
                try branch.map {
                    try store.difference(of: discussion, against: $0, id).conflicts
                } ?? []
            details["filesWithConflicts"] = .array(conflicts.map { .string($0.description) })
            return details
        }
        return .json(.object(details))
    }

    private static func summary(
        _ number: Int,
        _ discussion: StoredDiscussion,
        _ text: DiscussionText,
        _ id: RepositoryID
    ) -> JSONObject {
        var object = JSONObject()
        object["num"] = .integer(number)
        object["title"] = .string(text.title)
        object["status"] = .string(discussion.status.rawValue)
        object["author"] = .object(["name": .string(text.author)])
        object["isPullRequest"] = .bool(discussion.head != nil)
        object["createdAt"] = .string(timestamp(text.created))
        object["repo"] = .object(["name": .string(id.description), "type": "model"])
        return object
    }

    /// Opens a discussion: whoever may see the repository and has a token that may write.
    ///
    /// A pull request begins as a draft at the head of main, for those who may commit.
    func openDiscussion(_ context: inout Context, _ id: RepositoryID) async throws -> HTTPResponse {
        let json = try await context.body.json()
        let isPull = json["pullRequest"]?.bool ?? false
        _ =
            isPull
            ? try await writable(id, by: context.caller)
            : try await readable(id, by: context.caller)
        try checkRole(context.caller)
        let title = try Self.title(json)
        let (store, user) = (store, context.caller?.user ?? "")
        let number = try await runBlocking {
            var text = DiscussionText(title: title, author: user)
            if let words = json["description"]?.string, !words.isEmpty {
                try text.add(.comment(words), by: user)
            }
            let opening = text
            var number = 0
            try store.update(id) { repository in
                var discussion = StoredDiscussion()
                if isPull {
                    guard let start = repository.branches["main"] else {
                        throw Refusal.noRevision("main")
                    }
                    discussion = StoredDiscussion(startingAt: start, of: "main")
                }
                number = try store.begin(discussion, opening, in: &repository)
            }
            return number
        }
        return .json(
            .object([
                "num": .integer(number), "pullRequest": .bool(isPull),
                "url": .string("\(endpoint)/\(id)/discussions/\(number)"),
            ])
        )
    }

    private static func title(_ json: JSON) throws -> String {
        let title = try json.text("title").trimmingWhitespace()
        guard (3...200).contains(title.count) else {
            throw Refusal.badRequest("A title has 3 to 200 characters")
        }
        return title
    }

    /// Says something in a discussion, or does something to it.
    func discuss(
        _ context: inout Context,
        _ id: RepositoryID,
        _ number: Int,
        _ what: RepositoryRoute.Discussing
    ) async throws -> HTTPResponse {
        let json = try await context.body.json()
        let repository = try await readable(id, by: context.caller)
        try checkRole(context.caller)
        let (store, user) = (store, context.caller?.user ?? "")
        let comment = json["comment"]?.string
        if what == .merge {
            _ = try await writable(id, by: context.caller)
            try await runBlocking { try store.merge(number, of: id, by: user, comment: comment) }
            return .json(.object(["success": true]))
        }
        let mayManage = repository.mayWrite(user)
        let event = try await runBlocking {
            try store.discuss(number, in: id) { discussion, text in
                guard what == .comment || mayManage || text.author == user else {
                    throw Refusal.forbidden(
                        "Only its author or the repository's writers may do that"
                    )
                }
                switch what {
                case .comment, .merge:
                    return try text.add(.comment(try json.text("comment")), by: user)
                case .title:
                    let old = text.title
                    text.title = try Self.title(json)
                    return try text.add(.title(from: old, to: text.title), by: user)
                case .status:
                    try discussion.change(to: try json.text("status"))
                    if let comment, !comment.isEmpty { try text.add(.comment(comment), by: user) }
                    return try text.add(.status(discussion.status), by: user)
                }
            }
        }
        let key =
            switch what {
            case .comment, .merge: "newMessage"
            case .title: "newTitle"
            case .status: "newStatus"
            }
        return .json(.object([key: event.json]))
    }
}

extension StoredDiscussion {
    /// Opens or closes; what is merged stays so.
    fileprivate mutating func change(to name: String) throws(Refusal) {
        guard let new = Status(rawValue: name), new == .open || new == .closed else {
            throw .badRequest("The status is neither open nor closed")
        }
        guard status != .merged else { throw .badRequest("The pull request is merged") }
        status = new
    }
}
