/// How much a client does at once, and how much it puts into one commit.
public struct TransferLimits: Sendable {
    /// How many files go or come at a time.
    public var files = 4
    /// How many parts of one file go or come at a time.
    public var parts = 4
    /// The length of the ranges, in bytes, that a file comes in; one of less than two comes whole.
    public var rangeSize = 64 << 20
    /// The most changes in a commit: a hub has a minute for each, and knows its hooks.
    public var commitChanges = 250
    /// The most bytes of small files within a commit.
    public var commitInlineBytes = 50 << 20
    /// The most bytes of LFS objects that a commit refers to.
    public var commitStoredBytes = 64 << 30
    /// After how many seconds of sending what was sent is committed: a hub forgets objects that nothing refers to.
    public var commitSeconds = 1200.0

    /// The limits that suit Hugging Face's hub (hub-protocol 7, 7.1).
    public init() {}
}

/// Does work for each of many items, so many at a time.
///
/// - Throws: The first failure; what else is under way is cancelled and waited for.
func forEach<Item: Sendable>(
    _ items: [Item],
    atOnce width: Int,
    _ work: @escaping @Sendable (Item) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        var rest = items.makeIterator()
        for _ in 0..<max(1, width) {
            guard let item = rest.next() else { break }
            group.addTask { try await work(item) }
        }
        while try await group.next() != nil {
            guard let item = rest.next() else { continue }
            group.addTask { try await work(item) }
        }
    }
}

/// How many pieces of a length, above 0, something is cut into; the last may be shorter.
func pieceCount(of size: Int, each piece: Int) -> Int {
    size / piece + (size % piece == 0 ? 0 : 1)
}
