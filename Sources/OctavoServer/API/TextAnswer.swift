internal import Foundation
internal import OctavoBase
internal import OctavoPublisher

/// Writes the answers to a request, whole or in pieces.
struct TextAnswer: Sendable {
    private let id: String
    private let created = Int(Date().timeIntervalSince1970)
    private let model: String
    private let isChat: Bool
    private let includesUsage: Bool

    init(_ request: TextRequest, model: String) {
        let random = (0..<2).map { _ in String(UInt64.random(in: 0...(.max)), radix: 36) }
        id = (request.isChat ? "chatcmpl-" : "cmpl-") + random.joined()
        self.model = model
        isChat = request.isChat
        includesUsage = request.includesUsage
    }

    /// The whole answer.
    func whole(_ text: GeneratedText) -> JSON {
        let choice: JSON
        if isChat {
            choice = .object([
                "index": 0,
                "message": .object([
                    "role": "assistant", "content": .string(text.text), "refusal": .null,
                ]),
                "logprobs": .null, "finish_reason": .string(text.finish.rawValue),
            ])
        } else {
            choice = self.choice(text.text, finish: text.finish)
        }
        return envelope(
            isChat ? "chat.completion" : "text_completion",
            [choice],
            usage: text.fullUsage
        )
    }

    /// What a stream begins with, if there is something to say before the text.
    var opening: JSON? {
        guard isChat else { return nil }
        return chunk(.object(["role": "assistant", "content": "", "refusal": .null]), finish: nil)
    }

    /// A piece of a stream.
    func piece(_ text: String) -> JSON {
        isChat
            ? chunk(.object(["content": .string(text)]), finish: nil)
            : envelope(
                "text_completion",
                [choice(text, finish: nil)],
                usage: includesUsage ? .null : nil
            )
    }

    /// What a stream ends with, in order.
    func closing(_ text: GeneratedText) -> [JSON] {
        let last =
            isChat
            ? chunk(.object([:]), finish: text.finish)
            : envelope(
                "text_completion",
                [choice("", finish: text.finish)],
                usage: includesUsage ? .null : nil
            )
        guard includesUsage else { return [last] }
        let name = isChat ? "chat.completion.chunk" : "text_completion"
        return [last, envelope(name, [], usage: text.fullUsage)]
    }

    private func chunk(_ delta: JSON, finish: FinishReason?) -> JSON {
        envelope(
            "chat.completion.chunk",
            [
                .object([
                    "index": 0, "delta": delta, "logprobs": .null,
                    "finish_reason": finish.map { .string($0.rawValue) } ?? .null,
                ])
            ],
            usage: includesUsage ? .null : nil
        )
    }

    private func choice(_ text: String, finish: FinishReason?) -> JSON {
        .object([
            "index": 0, "text": .string(text), "logprobs": .null,
            "finish_reason": finish.map { .string($0.rawValue) } ?? .null,
        ])
    }

    private func envelope(_ object: String, _ choices: [JSON], usage: JSON?) -> JSON {
        .object([
            "id": .string(id), "object": .string(object), "created": .integer(created),
            "model": .string(model), "choices": .array(choices), "usage": usage,
        ])
    }
}

extension GeneratedText {
    /// The numbers of tokens, with those that were known from before.
    fileprivate var fullUsage: JSON {
        guard var usage = usage.object else { return usage }
        usage["prompt_tokens_details"] = .object(["cached_tokens": .integer(reusedTokens)])
        return .object(usage)
    }
}
