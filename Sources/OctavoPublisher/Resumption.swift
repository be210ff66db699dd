import OctavoBase

/// Why interrupted work cannot be taken up again.
public enum ResumeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is nothing to take up.
    case nothing(String)
    /// The unfinished work was begun with other arguments or inputs.
    case differs(argument: String, began: String, now: String)
    /// The journal itself is damaged.
    case damaged(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .nothing(let path): "there is no unfinished work at \(path)"
        case .differs(let argument, let began, let now):
            "the unfinished work was begun with \(argument) \(began), now it is \(now)"
        case .damaged(let path): "\(path) is damaged"
        }
    }
}

extension PartialFolder {
    /// Begins work in the folder, or takes up what is there if `resume` says so.
    ///
    /// - Parameters:
    ///   - identity: All that can change the result, which must be as it was when the work was begun.
    ///   - resume: Whether to take up work.
    /// - Throws: ``ResumeError``, ``OutputError/unfinished(_:)``, or what the file system says.
    func begin(identity: JSON, resume: Bool) throws {
        let record = joined(path, Self.journalFile)
        guard resume else {
            guard !holdsJournal else { throw OutputError.unfinished(path) }
            try clear()
            try AtomicFile.write(identity.text(.sorted), to: record)
            return
        }
        guard holdsJournal else {
            try removeAll(path)
            throw ResumeError.nothing(path)
        }
        guard let began = try? JSON(parsing: readFile(record)) else {
            throw ResumeError.damaged(record)
        }
        // By what is written, in which members have an order.
        for (argument, value) in identity.object ?? JSONObject()
        where began[argument]?.text(.sorted) != value.text(.sorted) {
            throw ResumeError.differs(
                argument: argument,
                began: began[argument]?.text(.compact) ?? "unset",
                now: value.text(.compact)
            )
        }
    }

    /// Removes the folder if nothing was done yet that would be worth taking up.
    func discardIfEmpty() throws {
        let entries = try directoryEntries(path)
        if !entries.contains(where: { $0.hasSuffix(".safetensors") }) { try removeAll(path) }
    }
}
