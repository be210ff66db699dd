public import OctavoCheckpoint

/// Why a prompt cannot be continued.
public enum GenerationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It leaves no room in the context.
    case promptTooLong(tokens: Int, context: Int)
    /// It takes the tokenizer more steps than are accepted.
    case slowText
    /// There is no token to continue, and the model has none that begins a text.
    case emptyPrompt
    /// The model has no chat template.
    case noChatTemplate(String)
    /// What is wrong with the template, or what it says of the conversation.
    case template(ChatTemplateError)
    /// What is wrong with the conversation.
    case conversation(ConversationError)
    /// A stop string is empty or too long, or there are too many.
    case stops(String)
    /// A context that the model does not have.
    case context(found: Int, most: Int)

    /// As a sentence.
    public var description: String {
        switch self {
        case .promptTooLong(let tokens, let context):
            "the prompt has \(tokens) tokens, expected fewer than the context of \(context)"
        case .slowText: "the prompt takes the tokenizer too many steps, expected ordinary text"
        case .emptyPrompt: "the prompt is empty, and the model has no token that begins a text"
        case .noChatTemplate(let model):
            "\(model) has no chat template, which conversations are written with"
        case .template(let error): "\(error)"
        case .conversation(let error): "\(error)"
        case .stops(let what): "\(what)"
        case .context(let found, let most):
            "a context of \(found) tokens, expected 1 to the model's \(most)"
        }
    }
}
