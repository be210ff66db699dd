public import OctavoBase

/// What is wrong with a conversation.
public struct ConversationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// As a part of a sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The most messages of a conversation: templates go through them several times, and each answer that is
/// learned takes two renderings of what is before it.
private let mostMessages = 1024

/// Reads a list of messages as templates take them, each with a role and a content that is one text.
///
/// - Parameters:
///   - json: At least one object with `role` and `content`; a content may be parts of text, which are joined.
///   - name: What the list is called in errors.
/// - Returns: The messages, with whatever else they hold.
/// - Throws: What is wrong, and with which message, counted from 1.
public func chatMessages(_ json: JSON, name: String = "messages") throws(ConversationError)
    -> [JSON]
{
    guard let items = json.array else { throw ConversationError("\(name) is no list") }
    guard !items.isEmpty else { throw ConversationError("\(name) is empty") }
    guard items.count <= mostMessages else {
        throw ConversationError("\(items.count) messages, expected at most \(mostMessages)")
    }
    var messages: [JSON] = []
    for (index, item) in items.enumerated() {
        messages.append(try chatMessage(item, "message \(index + 1)"))
    }
    return messages
}

private func chatMessage(_ json: JSON, _ name: String) throws(ConversationError) -> JSON {
    guard var message = json.object else { throw ConversationError("\(name) is no object") }
    guard let role = message["role"]?.string, !role.isEmpty else {
        throw ConversationError("\(name) has no role")
    }
    switch message["content"] {
    case .string?: break
    case .array(let parts)?:
        var text = ""
        for part in parts {
            guard part["type"]?.string == "text", let more = part["text"]?.string else {
                throw ConversationError("the content of \(name) is not text alone")
            }
            text += more
        }
        message["content"] = .string(text)
    case .null?, nil:
        guard message["tool_calls"]?.array?.isEmpty == false else {
            throw ConversationError("\(name) has no content")
        }
        message["content"] = ""
    default: throw ConversationError("the content of \(name) is no text")
    }
    return .object(message)
}
