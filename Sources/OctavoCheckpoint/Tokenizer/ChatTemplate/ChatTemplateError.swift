/// Why a chat template cannot be read, or cannot render a conversation.
public enum ChatTemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The template is not Jinja: what is wrong, and the line it is on.
    case syntax(String, line: Int)
    /// Jinja that is not supported here, by name.
    case unsupported(String, line: Int)
    /// What the template says itself of a conversation that it does not take.
    case refused(String)
    /// Values that do not fit what the template does with them.
    case failed(String)
    /// It takes more steps, text or depth than is allowed.
    case limit(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .syntax(let what, let line): "the chat template is malformed at line \(line): \(what)"
        case .unsupported(let what, let line):
            "the chat template uses \(what) at line \(line), which is not supported"
        case .refused(let message): "the chat template refuses the conversation: \(message)"
        case .failed(let what): "the chat template fails on the conversation: \(what)"
        case .limit(let what): "the chat template takes \(what)"
        }
    }
}
