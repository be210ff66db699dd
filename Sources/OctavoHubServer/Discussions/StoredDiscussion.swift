internal import OctavoBase
internal import OctavoHub

/// What a repository's own file says about a discussion: what must change together with its branches.
///
/// The words are in a file of their own, see `DiscussionText`.
struct StoredDiscussion: Sendable, Equatable {
    enum Status: String {
        case draft
        case open
        case closed
        case merged
    }

    var status: Status
    /// The commit at the end of a pull request; nil for a mere discussion.
    var head: String?
    /// The commit that a pull request began at.
    var base: String?
    /// The commit that brought it into main.
    var merge: String?

    /// A discussion that begins; with a commit, a pull request from there.
    init(startingAt commit: String?) {
        status = commit == nil ? .open : .draft
        head = commit
        base = commit
    }

    /// A pull request of a hub that kept nothing but its head.
    init(pullRequestAt head: String) {
        status = .open
        self.head = head
    }

    init(_ json: JSON) throws {
        guard let status = Status(rawValue: try json.text("status")) else {
            throw SpoiltFile(problem: "there is no such status of a discussion")
        }
        self.status = status
        head = json["head"]?.string
        base = json["base"]?.string
        merge = json["merge"]?.string
    }

    var json: JSON {
        .object([
            "status": .string(status.rawValue), "head": head.map(JSON.string),
            "base": base.map(JSON.string), "merge": merge.map(JSON.string),
        ])
    }
}

/// Something that the hub itself wrote, and cannot read.
struct SpoiltFile: Error, CustomStringConvertible {
    let problem: String
    var description: String { problem }
}
