public import OctavoBase
public import OctavoCheckpoint

/// How a model's conversations are written: its chat template, and the spelling of the tokens that it speaks of.
public struct ChatFormat: Sendable {
    private let template: ChatTemplate
    private let beginToken: String?
    private let endToken: String?

    /// Reads a model's template: a file of its own, else what the tokenizer's configuration says; nil if there is none.
    ///
    /// - Throws: `ChatTemplateError` for a template that is not supported; when the file cannot be read.
    public init?(_ model: OpenModel, _ tokenizer: Tokenizer) throws {
        guard let source = try model.chatTemplate(tokenizer) else { return nil }
        template = try ChatTemplate(source)
        func spelling(_ id: Int?) throws -> String? {
            try id.map { try tokenizer.decode([$0], skipSpecialTokens: false) }
        }
        beginToken = try spelling(tokenizer.bosID)
        endToken = try spelling(tokenizer.eosID)
    }

    /// Writes a conversation.
    ///
    /// - Parameters:
    ///   - messages: Objects with `role` and `content`.
    ///   - tools: The functions that the model may call, if there are any.
    ///   - asksForAnswer: Whether what begins the assistant's next message is added.
    /// - Returns: The text, special tokens spelled out.
    /// - Throws: What the template says of the conversation, or what in it fails.
    public func render(
        _ messages: [JSON],
        tools: JSON? = nil,
        asksForAnswer: Bool
    ) throws(ChatTemplateError) -> String {
        try template.render(
            messages,
            tools: tools,
            beginToken: beginToken,
            endToken: endToken,
            asksForAnswer: asksForAnswer
        )
    }

    /// The special token that ends the assistant's turn, where the template writes one right behind an answer.
    ///
    /// Not all that models come with says it: a GGUF file names one end, and that is often the end of a text.
    func endOfTurn(_ tokenizer: Tokenizer) -> Int? {
        let answer = "folded"
        func message(_ role: String, _ text: String) -> JSON {
            .object(["role": .string(role), "content": .string(text)])
        }
        guard
            let text = try? render(
                [message("user", "What?"), message("assistant", answer)],
                asksForAnswer: false
            ),
            // Templates may show thoughts before the answer; behind it is only what ends the turn.
            let place = text.ranges(of: answer).last,
            let ids = try? tokenizer.encode(
                String(text[place.upperBound...].drop(while: \.isWhitespace)),
                addSpecialTokens: false
            ),
            let first = ids.first, tokenizer.isSpecial(first)
        else { return nil }
        return first
    }
}

extension OpenModel {
    fileprivate func chatTemplate(_ tokenizer: Tokenizer) throws -> String? {
        guard let file = checkpoint.sideFiles.first(where: { $0.name == "chat_template.jinja" })
        else { return tokenizer.chatTemplate }
        return String(decoding: try file.bytes(), as: UTF8.self)
    }
}
