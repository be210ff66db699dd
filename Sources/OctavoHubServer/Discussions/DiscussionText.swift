internal import Glibc
internal import OctavoBase
internal import OctavoHub

/// The words of a discussion: its title and what was said and done, in order.
///
/// ```
/// repositories/NAMESPACE/NAME/discussions/N.json
/// ```
struct DiscussionText: Sendable {
    /// What happened, in the words of the protocol.
    struct Event: Sendable {
        let id: String
        let author: String
        let date: Int
        let content: Content
    }

    enum Content: Sendable {
        case comment(String)
        case status(StoredDiscussion.Status)
        case commit(subject: String, oid: String)
        case title(from: String, to: String)
    }

    /// The most events of one discussion.
    static let eventLimit = 1000
    /// The most bytes of one comment.
    static let commentLimit = 16 << 10

    var title: String
    let author: String
    let created: Int
    private(set) var events: [Event] = []

    init(title: String, author: String) {
        self.title = title
        self.author = author
        created = time(nil)
    }

    /// Adds what happened now.
    @discardableResult
    mutating func add(_ content: Content, by author: String) throws(Refusal) -> Event {
        guard events.count < Self.eventLimit else {
            throw .forbidden("The discussion has \(Self.eventLimit) events and takes no more")
        }
        if case .comment(let text) = content, text.utf8.count > Self.commentLimit {
            throw .tooLarge(Self.commentLimit)
        }
        let event = Event(
            id: hexadecimal((0..<12).map { _ in UInt8.random(in: 0...255) }),
            author: author,
            date: time(nil),
            content: content
        )
        events.append(event)
        return event
    }

    init(_ json: JSON) throws {
        title = try json.text("title")
        author = try json.text("author")
        created = try json.size("created")
        events = try json.items("events").map { try Event($0) }
    }

    var json: JSON {
        .object([
            "title": .string(title), "author": .string(author), "created": .integer(created),
            "events": .array(events.map(\.stored)),
        ])
    }
}

extension DiscussionText.Event {
    fileprivate init(_ json: JSON) throws {
        id = try json.text("id")
        author = try json.text("author")
        date = try json.size("date")
        switch try json.text("type") {
        case "comment": content = .comment(try json.text("text"))
        case "commit":
            content = .commit(subject: try json.text("subject"), oid: try json.text("oid"))
        case "title": content = .title(from: try json.text("from"), to: try json.text("to"))
        default:
            guard let status = StoredDiscussion.Status(rawValue: try json.text("status")) else {
                throw SpoiltFile(problem: "there is no such status of a discussion")
            }
            content = .status(status)
        }
    }

    fileprivate var stored: JSON {
        var object = JSONObject()
        object["id"] = .string(id)
        object["author"] = .string(author)
        object["date"] = .integer(date)
        switch content {
        case .comment(let text):
            object["type"] = "comment"
            object["text"] = .string(text)
        case .status(let status):
            object["type"] = "status"
            object["status"] = .string(status.rawValue)
        case .commit(let subject, let oid):
            object["type"] = "commit"
            object["subject"] = .string(subject)
            object["oid"] = .string(oid)
        case .title(let from, let to):
            object["type"] = "title"
            object["from"] = .string(from)
            object["to"] = .string(to)
        }
        return .object(object)
    }

    /// As the protocol tells it.
    var json: JSON {
        let (type, data): (String, JSON) =
            switch content {
            case .comment(let text):
                (
                    "comment",
                    .object([
                        "edited": false, "hidden": false,
                        "latest": .object([
                            "raw": .string(text), "updatedAt": .string(timestamp(date)),
                        ]),
                    ])
                )
            case .status(let status):
                ("status-change", .object(["status": .string(status.rawValue)]))
            case .commit(let subject, let oid):
                ("commit", .object(["subject": .string(subject), "oid": .string(oid)]))
            case .title(let from, let to):
                ("title-change", .object(["from": .string(from), "to": .string(to)]))
            }
        return .object([
            "id": .string(id), "type": .string(type), "createdAt": .string(timestamp(date)),
            "author": .object(["name": .string(author)]), "data": data,
        ])
    }
}
