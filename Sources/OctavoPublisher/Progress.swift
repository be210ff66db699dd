/// How far a long piece of work has come.
public struct Progress: Sendable {
    /// What is being done, in a few words: "writing calibration text", "block 3 of 30".
    public let stage: String
    /// How much of it is done.
    public let completed: Int
    /// How much there is.
    public let total: Int
    /// What is worth knowing now: a layer's loss, a file's name.
    ///
    /// May be empty.
    public let detail: String

    /// Describes a state of the work.
    public init(_ stage: String, _ completed: Int, of total: Int, detail: String = "") {
        self.stage = stage
        self.completed = completed
        self.total = total
        self.detail = detail
    }
}

/// Is told how far the work has come, from any thread.
public typealias ProgressHandler = @Sendable (Progress) -> Void
