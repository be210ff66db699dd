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
    /// The branch that a pull request is to be merged into.
    var target = "main"
    /// The commit that brought it there.
    var merge: String?

    /// A discussion that begins, and is none of a pull request.
    init() { status = .open }

    /// A pull request that begins at a commit of a branch.
    init(startingAt commit: String, of target: String) {
        status = .draft
        head = commit
        base = commit
        self.target = target
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
        // Pull requests of an older hub were all merged into main.
        target = json["target"]?.string ?? "main"
    }

    /// Refuses commits to a pull request that is over.
    ///
    /// - Throws: `Refusal` with status 409 if it is merged or closed.
    func checkTakesCommits(number: Int) throws(Refusal) {
        guard status == .draft || status == .open else {
            throw Refusal(
                status: 409,
                message: "The pull request \(number) is \(status) and takes no commits"
            )
        }
    }

    var json: JSON {
        .object([
            "status": .string(status.rawValue), "head": head.map(JSON.string),
            "base": base.map(JSON.string), "merge": merge.map(JSON.string),
            "target": head == nil ? nil : .string(target),
        ])
    }
}

/// Something that the hub itself wrote, and cannot read.
struct SpoiltFile: Error, CustomStringConvertible {
    let problem: String
    var description: String { problem }
}
