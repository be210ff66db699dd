import ArgumentParser
import OctavoBase
import OctavoPublisher

/// What is to be continued: a text as it is, or a conversation that the model's template writes.
struct PromptOptions: ParsableArguments {
    @Option(help: "What to continue, as it is: no chat template is applied.")
    var prompt: String?

    @Option(help: ArgumentHelp("A file with what to continue, as it is.", valueName: "file"))
    var promptFile: String?

    @Option(help: "What a user says; the model answers.")
    var message: String?

    @Option(help: "What the model is told before the message.")
    var system: String?

    @Option(
        help: ArgumentHelp(
            "A conversation to answer: a JSON list of objects with role and content, or an object with such messages.",
            valueName: "file"
        )
    )
    var chat: String?

    /// The most bytes of a file.
    private static let largestFile = 16 << 20

    func validate() throws {
        let given = [prompt, promptFile, message, chat].compactMap { $0 }.count
        guard given == 1 else {
            throw ValidationError(
                "give one of --prompt, --prompt-file, --message and --chat; there are \(given)"
            )
        }
        guard system == nil || message != nil else {
            throw ValidationError("--system goes with --message")
        }
    }

    /// The text to continue as it is; nil for a conversation.
    func text() throws -> String? {
        if let prompt { return prompt }
        guard let promptFile else { return nil }
        let bytes = try readFile(promptFile, limit: Self.largestFile)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PromptFileError.notUTF8(promptFile)
        }
        return text
    }

    /// The conversation to answer.
    func messages() throws -> [JSON] {
        if let message {
            let said = [("system", system), ("user", message)].compactMap { role, text in
                text.map { JSON.object(["role": .string(role), "content": .string($0)]) }
            }
            return said
        }
        let file = chat ?? ""
        let bytes = try readFile(file, limit: Self.largestFile)
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
            throw PromptFileError.notJSON(file, error)
        }
        do throws(ConversationError) { return try chatMessages(json["messages"] ?? json) } catch {
            throw PromptFileError.conversation(file, error)
        }
    }
}

/// Why a file is nothing to continue.
enum PromptFileError: Error, CustomStringConvertible {
    /// Its bytes are no text.
    case notUTF8(String)
    /// It is no JSON.
    case notJSON(String, JSONError)
    /// It is no conversation.
    case conversation(String, ConversationError)

    /// As a sentence.
    var description: String {
        switch self {
        case .notUTF8(let file): "\(file) is no text in UTF-8"
        case .notJSON(let file, let error): "\(file): \(error)"
        case .conversation(let file, let error): "\(file): \(error)"
        }
    }
}
