public import OctavoBase

/// One question of a multiple-choice task.
public struct TaskQuestion: Sendable, Equatable {
    /// What stands before each choice.
    public var query: String
    /// The choices, at least two.
    public var choices: [String]
    /// The index of the right one, from 0.
    public var answer: Int

    /// Asks.
    public init(query: String, choices: [String], answer: Int) {
        self.query = query
        self.choices = choices
        self.answer = answer
    }
}

/// A multiple-choice task: a file with one JSON object a line (docs/evaluation.md has the format).
public struct TaskFile: Sendable, Equatable {
    /// What it is called: the file's name without its ending.
    public var name: String
    /// The SHA-256 of the file's bytes.
    public var digest: Digest
    /// The questions, at least one.
    public var questions: [TaskQuestion]

    /// The most bytes that a task's file may have.
    public static let largest = 256_000_000
    /// The most choices of a question.
    static let mostChoices = 1000

    /// Takes questions from elsewhere.
    init(name: String, digest: Digest, questions: [TaskQuestion]) {
        self.name = name
        self.digest = digest
        self.questions = questions
    }

    /// Reads a task.
    ///
    /// - Parameter path: A UTF-8 file; empty lines do not count.
    /// - Throws: ``FileError``, ``TaskFileError``.
    public init(_ path: String) throws {
        let bytes = try readFile(path, limit: Self.largest)
        name = lastComponent(path)
        for ending in [".jsonl", ".json", ".ndjson"] where name.hasSuffix(ending) {
            name = String(name.dropLast(ending.count))
            break
        }
        digest = Digest(of: bytes)
        questions = []
        // By bytes: "\r\n" is one Character, and not "\n".
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated()
        {
            guard line.contains(where: { !($0 == 0x20 || $0 == 0x09 || $0 == 0x0D) }) else {
                continue
            }
            do throws(QuestionFault) {
                questions.append(try TaskQuestion(line: Array(line)))
            } catch {
                throw TaskFileError.line(path, index + 1, error.sentence)
            }
        }
        if questions.isEmpty { throw TaskFileError.empty(path) }
    }
}

/// Why a task cannot be used.
public enum TaskFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A line, from 1, holds no question.
    case line(String, Int, String)
    /// There is no question in it.
    case empty(String)
    /// A question's text has no tokens to foretell, or none to foretell them from.
    case noTokens(task: String, question: Int)

    /// As a sentence.
    public var description: String {
        switch self {
        case .line(let path, let line, let problem): "\(path), line \(line): \(problem)"
        case .empty(let path): "\(path) holds no question; expected one JSON object a line"
        case .noTokens(let task, let question):
            "question \(question) of \(task) has a choice without tokens, or an empty query for a model that "
                + "declares no first token"
        }
    }
}
