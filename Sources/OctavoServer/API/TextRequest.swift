internal import OctavoBase
internal import OctavoModel
internal import OctavoPublisher

/// What a request asks for, read and checked.
struct TextRequest: Sendable {
    /// What is continued.
    enum Prompt: Sendable {
        case text(String)
        case tokens([Int])
        case messages([JSON])
    }

    let prompt: Prompt
    let generation: GenerationRequest
    /// Whether the text is sent while it is made.
    let isStreamed: Bool
    /// Whether a stream ends with the numbers of tokens.
    let includesUsage: Bool

    /// Whether it is a conversation.
    var isChat: Bool { if case .messages = prompt { true } else { false } }

    /// Reads the body of a request to `/v1/completions`.
    static func completion(_ json: JSON, model: String) throws -> TextRequest {
        var fields = try RequestFields(json)
        guard let given = fields.value("prompt") else {
            throw APIError.invalid("prompt", "prompt is missing.")
        }
        let prompt = try Self.prompt(given)
        try fields.refuse("best_of", unless: 1)
        try fields.refuse("echo", unless: false)
        try fields.refuse("logprobs")
        try fields.refuse("suffix", unless: "")
        // OpenAI's own default for this URL.
        let limit = try fields.integer("max_tokens", atLeast: 1) ?? 16
        return try TextRequest(&fields, prompt, limit: limit, model: model)
    }

    /// Reads the body of a request to `/v1/chat/completions`.
    static func chat(_ json: JSON, model: String) throws -> TextRequest {
        var fields = try RequestFields(json)
        guard let given = fields.value("messages") else {
            throw APIError.invalid("messages", "messages is missing.")
        }
        // The newer name of the role; no template knows it.
        let messages = try chatMessages(given).map { (message: JSON) -> JSON in
            guard message["role"] == "developer", var object = message.object else {
                return message
            }
            object["role"] = "system"
            return JSON.object(object)
        }
        try fields.refuse("logprobs", unless: false)
        for name in ["top_logprobs", "functions", "function_call", "audio", "prediction"] {
            try fields.refuse(name)
        }
        for name in ["web_search_options", "reasoning_effort", "verbosity"] {
            try fields.refuse(name)
        }
        try fields.refuse("tools", unless: [])
        try fields.refuse("tool_choice", unless: "none", "auto")
        try fields.refuse("parallel_tool_calls", unless: true, false)
        try fields.refuse("modalities", unless: ["text"])
        try fields.refuse("response_format", unless: .object(["type": "text"]))
        let limit = try fields.integer("max_completion_tokens", atLeast: 1)
        let old = try fields.integer("max_tokens", atLeast: 1)
        return try TextRequest(&fields, .messages(messages), limit: limit ?? old, model: model)
    }

    /// Reads what both have.
    private init(
        _ fields: inout RequestFields,
        _ prompt: Prompt,
        limit: Int?,
        model: String
    ) throws {
        if let name = try fields.text("model"), name != model {
            throw APIError.noModel(name, served: model)
        }
        try fields.refuse("n", unless: 1)
        try fields.refuse("presence_penalty", unless: 0)
        try fields.refuse("frequency_penalty", unless: 0)
        try fields.refuse("logit_bias", unless: .object([:]))
        fields.ignore(
            "user",
            "metadata",
            "store",
            "service_tier",
            "safety_identifier",
            "prompt_cache_key"
        )
        self.prompt = prompt
        isStreamed = try fields.flag("stream")
        includesUsage = try Self.includesUsage(&fields, isStreamed: isStreamed)
        let rule = try SamplingRule(
            temperature: fields.number("temperature") ?? 1,
            // Other servers call it off by 0 or -1.
            topK: fields.integer("top_k").flatMap { $0 > 0 ? $0 : nil },
            topP: fields.number("top_p") ?? 1,
            minP: fields.number("min_p") ?? 0,
            repetitionPenalty: fields.number("repetition_penalty") ?? 1
        )
        let seed = try fields.integer("seed")
        generation = try GenerationRequest(
            limit: limit,
            rule: rule,
            seed: seed.map { UInt64(bitPattern: Int64($0)) } ?? UInt64.random(in: 0...(.max)),
            stops: fields.texts("stop", atMost: 4),
            // Who names a seed wants the same text again, whatever was asked before.
            mayReuse: seed == nil
        )
        try fields.finish()
    }

    private static func includesUsage(
        _ fields: inout RequestFields,
        isStreamed: Bool
    ) throws -> Bool {
        guard let json = fields.value("stream_options") else { return false }
        guard isStreamed, json.object != nil else {
            throw APIError.invalid(
                "stream_options",
                "stream_options must be an object, and goes with \"stream\": true."
            )
        }
        var options = try RequestFields(json)
        let includes = try options.flag("include_usage")
        options.ignore("include_obfuscation")
        try options.finish()
        return includes
    }

    /// A text, the tokens of one, or a list of one of either.
    private static func prompt(_ json: JSON) throws(APIError) -> Prompt {
        if let text = json.string { return .text(text) }
        let problem = "prompt must be a string, a list of token ids, or a list with one of them."
        guard let items = json.array, let first = items.first else {
            throw .invalid("prompt", problem)
        }
        if first.integer != nil {
            let tokens = items.compactMap(\.integer)
            guard tokens.count == items.count else { throw .invalid("prompt", problem) }
            return .tokens(tokens)
        }
        guard items.count == 1 else {
            throw .unsupported("prompt", "Several prompts in one request are not supported.")
        }
        guard first.string != nil || first.array?.first?.integer != nil else {
            throw .invalid("prompt", problem)
        }
        return try prompt(first)
    }
}
