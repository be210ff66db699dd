import OctavoBase
import OctavoCheckpoint
import OctavoQuantizer

/// Turns conversations into tokens, by the model's chat template, and finds the answers among them.
///
/// A conversation is rendered and encoded whole. Where an answer begins and ends is found by rendering what
/// the model would be given before it, and what stands when it is done: the text that both leave between
/// them is the answer, with the token that ends the turn, without white space behind that. An answer whose
/// beginning is not what the model would be given (templates may show earlier turns otherwise than last
/// ones) is not learned.
struct ChatWriter {
    private let format: ChatFormat
    let tokenizer: Tokenizer

    /// How many answers were not learned because the template shows them otherwise.
    private(set) var answersLeftOut = 0
    /// How many conversations were cut to the length of a sequence.
    private(set) var cut = 0
    /// How many had no answer left then.
    private(set) var leftOut = 0

    init(_ model: OpenModel) throws {
        tokenizer = try model.tokenizer()
        do {
            guard let format = try ChatFormat(model, tokenizer) else {
                throw ChatFileError.noTemplate(model.path)
            }
            self.format = format
        } catch let error as ChatTemplateError { throw ChatFileError.template(error) }
    }

    /// A conversation as a sequence of at most so many tokens, of which the answers are learned.
    ///
    /// - Returns: The sequence, or nil if no answer is among its tokens.
    /// - Throws: ``ChatTemplateError``, or ``TokenizerError``.
    mutating func sequence(
        _ conversation: Conversation,
        length: Int
    ) throws -> TuningSequence? {
        let messages = conversation.messages
        let text = try render(messages[...], conversation, asksForAnswer: false)
        let tokens = try tokenizer.encode(text, addSpecialTokens: false)
        var places: [Int] = []
        for (index, message) in messages.enumerated() where isLearned(message) {
            let before = try render(messages[..<index], conversation, asksForAnswer: true)
            guard text.utf8.starts(with: before.utf8) else {
                answersLeftOut += 1
                continue
            }
            let after = try render(messages[...index], conversation, asksForAnswer: false)
            let start = try sharedTokens(tokens, before)
            let end =
                text.utf8.starts(with: after.utf8)
                ? try end(of: tokens, from: start, to: sharedTokens(tokens, after))
                : (tokens[start...].firstIndex(where: tokenizer.isSpecial) ?? tokens.count - 1) + 1
            // A token is learned where the one before it stands.
            let last = places.last ?? -1
            places += (max(1, start) - 1..<max(1, start, end) - 1).filter { $0 > last }
        }
        guard !places.isEmpty else { return nil }
        guard tokens.count > length else { return TuningSequence(tokens, places: places) }
        cut += 1
        // What would follow the last token is not there any more.
        let kept = places.prefix { $0 < length - 1 }
        guard !kept.isEmpty else {
            leftOut += 1
            return nil
        }
        return TuningSequence(Array(tokens[..<length]), places: Array(kept))
    }

    /// How many tokens the encodings of a text and of its beginning share.
    private func sharedTokens(_ tokens: [Int], _ beginning: String) throws -> Int {
        zip(tokens, try tokenizer.encode(beginning, addSpecialTokens: false))
            .prefix { $0 == $1 }.count
    }

    /// The end of an answer: behind its last special token, if only white space follows that.
    private func end(of tokens: [Int], from start: Int, to end: Int) throws -> Int {
        guard start < end,
            let last = tokens[start..<end].lastIndex(where: tokenizer.isSpecial)
        else { return end }
        let rest = try tokenizer.decode(
            Array(tokens[(last + 1)..<end]),
            skipSpecialTokens: false
        )
        return rest.allSatisfy(\.isWhitespace) ? last + 1 : end
    }

    private func render(
        _ messages: ArraySlice<JSON>,
        _ conversation: Conversation,
        asksForAnswer: Bool
    ) throws(ChatTemplateError) -> String {
        try format.render(
            Array(messages),
            tools: conversation.tools,
            asksForAnswer: asksForAnswer
        )
    }
}
