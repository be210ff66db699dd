internal import OctavoBase
internal import OctavoHub
internal import Synchronization

/// A commit request on its way in: small files are stored line by line, so that memory holds none for long.
///
/// They are harmless without the commit, and are collected if it does not come.
final class IncomingCommit: Sendable {
    /// The most bytes of a line: a file of 10 MiB in base64, and its path.
    static let lineLimit = 16 << 20
    /// The most bytes of a summary and of a description.
    static let textLimit = 64 << 10

    private struct State {
        var reader = CommitReader()
        var lines = 0
        var changes: [HubStore.Change] = []
    }

    private let store: HubStore
    private let rights: HubStore.Rights
    private let limits: HubSettings.Limits
    private let state = Mutex(State())

    /// Begins; blocks.
    ///
    /// - Parameters:
    ///   - store: Where small files go.
    ///   - author: Who commits, and must have what is named.
    ///   - limits: How many operations are taken.
    init(_ store: HubStore, by author: String, limits: HubSettings.Limits) {
        self.store = store
        self.limits = limits
        rights = store.rights(of: author)
    }

    /// Reads the next lines, and stores the files in them; blocks.
    ///
    /// - Throws: `Refusal` for what is wrong first.
    func take(_ lines: [[UInt8]]) throws {
        try state.withLock { state in
            for line in lines {
                state.lines += 1
                do {
                    let operation = try state.reader.read(line)
                    if let operation {
                        try checkCount(state.changes.count + 1)
                        state.changes.append(try store.change(operation, rights))
                    } else if let header = state.reader.header {
                        try Self.check(header)
                    }
                } catch let error as JSONError {
                    throw Refusal.badRequest("Line \(state.lines): \(error.description)")
                } catch let error as WireError {
                    throw Refusal.badRequest("Line \(state.lines): \(error.description)")
                }
            }
        }
    }

    /// What is to be committed, when all lines are taken.
    func finish() throws -> (header: CommitHeader, changes: [HubStore.Change]) {
        try state.withLock { (try $0.reader.finish(), $0.changes) }
    }

    private func checkCount(_ count: Int) throws(Refusal) {
        guard count <= limits.operationsPerCommit else {
            throw Refusal(
                status: 413,
                message: "The commit has more than \(limits.operationsPerCommit) operations:"
                    + " send fewer at a time"
            )
        }
    }

    private static func check(_ header: CommitHeader) throws(Refusal) {
        guard !header.summary.isEmpty else { throw .badRequest("The summary is empty") }
        try checkText(header.summary, "summary")
        try checkText(header.description, "description")
    }

    /// Refuses words that are no summary or description of a commit, but a file.
    static func checkText(_ text: String, _ what: String) throws(Refusal) {
        guard text.utf8.count <= textLimit else {
            throw .badRequest(
                "The \(what) has \(text.utf8.count) bytes: expected \(textLimit) at most"
            )
        }
    }
}
