import OctavoBase
public import OctavoCheckpoint

/// A conversation of a file of JSON lines.
struct Conversation: Sendable {
    /// Objects with `role` and `content`, as templates take them.
    var messages: [JSON]
    /// The functions that the assistant may call, if there are any.
    var tools: JSON?
    /// The line it stands in, from 1.
    var line: Int
}

/// Why a file of conversations cannot be learned from.
public enum ChatFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong in a line, counted from 1.
    case line(String, Int, String)
    /// There is no conversation in it.
    case empty(String)
    /// The model has no chat template.
    case noTemplate(String)
    /// What is wrong with the model's chat template.
    case template(ChatTemplateError)
    /// No conversation has an answer among the tokens that a sequence may have.
    case nothingLearned(tokens: Int)

    /// As a sentence.
    public var description: String {
        switch self {
        case .line(let file, let line, let what): "\(file), line \(line): \(what)"
        case .empty(let file): "\(file) holds no conversation; expected one in each line"
        case .noTemplate(let model):
            "\(model) has no chat template, which conversations are written with"
        case .template(let error): "\(error)"
        case .nothingLearned(let tokens):
            "no conversation has an answer among its first \(tokens) tokens"
        }
    }
}

/// Whether a file is read as conversations: one of JSON lines is, by its name.
func holdsConversations(_ path: String) -> Bool {
    lastComponent(path).lowercased().hasSuffix(".jsonl")
}

/// The most bytes of a line.
private let mostLineBytes = 1 << 24

/// Reads a file of conversations: a line for each, empty lines aside.
///
/// - Throws: ``ChatFileError`` for the first line that is none.
func conversations(inFile path: String) throws -> [Conversation] {
    let bytes = try readFile(path)
    var conversations: [Conversation] = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    where !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
        do throws(ConversationError) {
            conversations.append(try conversation(line, line: index + 1))
        } catch {
            throw ChatFileError.line(lastComponent(path), index + 1, error.description)
        }
    }
    guard !conversations.isEmpty else { throw ChatFileError.empty(lastComponent(path)) }
    return conversations
}

private func conversation(
    _ bytes: ArraySlice<UInt8>,
    line: Int
) throws(ConversationError) -> Conversation {
    guard bytes.count <= mostLineBytes else {
        throw ConversationError("\(bytes.count) bytes, expected at most \(mostLineBytes)")
    }
    let json: JSON
    do throws(JSONError) {
        json = try JSON(parsing: Array(bytes), mostValues: 100_000)
    } catch {
        throw ConversationError(error.description)
    }
    guard json.object != nil else { throw ConversationError("expected an object") }
    let found: [JSON]
    if let messages = json["messages"] {
        found = try list(messages, "messages")
    } else if let prompt = json["prompt"], let completion = json["completion"] {
        found = try turn(prompt, "user", "prompt") + turn(completion, "assistant", "completion")
    } else {
        throw ConversationError("expected messages, or prompt and completion")
    }
    var messages = try chatMessages(.array(found))
    for (index, message) in messages.enumerated() {
        if let weight = message["weight"], weight != 0, weight != 1 {
            throw ConversationError("the weight of message \(index + 1) is neither 0 nor 1")
        }
    }
    // Behind the last answer there is nothing to learn.
    while let last = messages.last, last["role"]?.string != "assistant" { messages.removeLast() }
    guard messages.contains(where: isLearned) else {
        throw ConversationError("no message of the assistant to learn from")
    }
    let tools = json["tools"].flatMap { $0 == .null ? nil : $0 }
    if let tools, tools.array == nil { throw ConversationError("tools is no list") }
    return Conversation(messages: messages, tools: tools, line: line)
}

/// Whether a message is one to learn from: the assistant's, unless its weight is 0.
func isLearned(_ message: JSON) -> Bool {
    message["role"]?.string == "assistant" && message["weight"]?.number != 0
}

/// A text as a message, or a list of messages.
private func turn(
    _ json: JSON,
    _ role: String,
    _ name: String
) throws(ConversationError) -> [JSON] {
    guard let text = json.string else { return try list(json, name) }
    return [.object(["role": .string(role), "content": .string(text)])]
}

private func list(_ json: JSON, _ name: String) throws(ConversationError) -> [JSON] {
    guard let items = json.array else { throw ConversationError("\(name) is no list") }
    guard !items.isEmpty else { throw ConversationError("\(name) is empty") }
    return items
}
