public import OctavoBase

/// How a model wants a conversation written: its `chat_template`, in Jinja.
///
/// What chat templates are made of is carried out as jinja2 does it with the settings of transformers;
/// anything else is refused by name (formats/chat-template.md). A template is a program from outside, so
/// its steps, its nesting and its text are bounded. It knows no clock: `strftime_now` is undefined, and
/// templates that ask for it fall back to the date they hold.
public struct ChatTemplate: Sendable {
    private let statements: [TemplateStatement]

    /// The bytes that a template may have.
    public static let mostBytes = 1 << 20

    /// Reads a template.
    ///
    /// - Throws: What is wrong or not supported, and in which line.
    public init(_ source: String) throws(ChatTemplateError) {
        guard source.utf8.count <= Self.mostBytes else {
            throw .limit("\(source.utf8.count) bytes, expected at most \(Self.mostBytes)")
        }
        statements = try TemplateParser.statements(of: source)
    }

    /// Writes a conversation.
    ///
    /// - Parameters:
    ///   - messages: Objects with `role`, `content` and whatever else the template looks at.
    ///   - tools: The functions that the model may call, if there are any.
    ///   - beginToken: The spelling of the token that begins a text, if there is one.
    ///   - endToken: The spelling of the token that ends a text, if there is one.
    ///   - asksForAnswer: Whether what begins the assistant's next message is added.
    /// - Returns: The text, special tokens spelled out.
    /// - Throws: What the template says of the conversation, or what in it fails.
    public func render(
        _ messages: [JSON],
        tools: JSON? = nil,
        beginToken: String?,
        endToken: String?,
        asksForAnswer: Bool
    ) throws(ChatTemplateError) -> String {
        var values: [String: TemplateValue] = [
            "messages": TemplateValue(.array(messages)),
            "add_generation_prompt": .bool(asksForAnswer),
            // As transformers passes them where there are none.
            "tools": tools.map(TemplateValue.init) ?? .none, "documents": .none,
        ]
        values["bos_token"] = beginToken.map(TemplateValue.string)
        values["eos_token"] = endToken.map(TemplateValue.string)
        return try TemplateRenderer.render(statements, with: values)
    }
}
