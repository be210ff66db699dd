import OctavoBase

/// Why a line is no question.
struct QuestionFault: Error {
    /// As a clause.
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}

extension TaskQuestion {
    /// The spellings of the fields in common data sets; two of one field in one object would be a guess.
    private static let queryKeys = ["query", "context", "question", "ctx", "prompt", "goal"]
    private static let choiceKeys = ["choices", "endings", "options"]
    private static let answerKeys = ["gold", "label", "answer", "answerKey", "target"]

    /// Reads a line of a task's file.
    init(line: [UInt8]) throws(QuestionFault) {
        let json: JSON
        do { json = try JSON(parsing: line) } catch { throw QuestionFault("not JSON: \(error)") }
        guard let object = json.object else {
            throw QuestionFault("found \(Self.kind(json)), expected a JSON object")
        }
        let (queryKey, queryValue) = try Self.field(object, "query", Self.queryKeys)
        guard let query = queryValue.string else {
            throw QuestionFault("\"\(queryKey)\" is \(Self.kind(queryValue)), expected a text")
        }
        let (choices, labels) = try Self.choices(object)
        let (answerKey, answerValue) = try Self.field(object, "gold", Self.answerKeys)
        self.init(
            query: query,
            choices: choices,
            answer: try Self.answer(answerValue, answerKey, choices, labels)
        )
    }

    /// The one field of several spellings that is there.
    private static func field(
        _ object: JSONObject,
        _ name: String,
        _ keys: [String]
    ) throws(QuestionFault) -> (key: String, value: JSON) {
        let found = keys.filter { object[$0] != nil }
        guard let key = found.first, let value = object[key] else {
            let has = object.keys.prefix(12).map { "\"\($0)\"" }.joined(separator: ", ")
            throw QuestionFault(
                "no \"\(name)\" (also spelled \(keys.dropFirst().joined(separator: ", "))); found "
                    + (has.isEmpty ? "an empty object" : has)
            )
        }
        guard found.count == 1 else {
            throw QuestionFault(
                "both \"\(found[0])\" and \"\(found[1])\" may be the \(name); expected one of them"
            )
        }
        return (key, value)
    }

    /// The choices, and what the data set calls them, where it does.
    private static func choices(
        _ object: JSONObject
    ) throws(QuestionFault) -> (texts: [String], labels: [String]?) {
        if object["sol1"] != nil, object["sol2"] != nil,
            !choiceKeys.contains(where: { object[$0] != nil })
        {
            return (
                try texts(.array([object["sol1"] ?? .null, object["sol2"] ?? .null]), "sol1"), nil
            )
        }
        let (key, value) = try field(object, "choices", choiceKeys)
        guard value.object != nil else { return (try texts(value, key), nil) }
        let found = try texts(value["text"] ?? .null, key + ".text")
        let labels = try texts(value["label"] ?? .null, key + ".label")
        guard labels.count == found.count, Set(labels).count == labels.count else {
            throw QuestionFault(
                "\"\(key)\" has \(found.count) texts and \(Set(labels).count) different labels; expected as many"
            )
        }
        return (found, labels)
    }

    private static func texts(_ value: JSON, _ key: String) throws(QuestionFault) -> [String] {
        guard let items = value.array else {
            throw QuestionFault("\"\(key)\" is \(kind(value)), expected an array of texts")
        }
        let texts = items.compactMap(\.string)
        guard texts.count == items.count, texts.allSatisfy({ !$0.isEmpty }) else {
            throw QuestionFault("\"\(key)\" holds what is no text, or an empty one")
        }
        guard 2...TaskFile.mostChoices ~= texts.count else {
            throw QuestionFault(
                "\"\(key)\" has \(texts.count) choices, expected 2 to \(TaskFile.mostChoices)"
            )
        }
        return texts
    }

    /// Which choice is right: an index, or a text that can mean only one of them.
    private static func answer(
        _ value: JSON,
        _ key: String,
        _ choices: [String],
        _ labels: [String]?
    ) throws(QuestionFault) -> Int {
        let expected =
            "expected an index from 0 to \(choices.count - 1), a letter from A, or a choice"
        if let index = value.integer {
            guard choices.indices.contains(index) else {
                throw QuestionFault("\"\(key)\" is \(index), \(expected)")
            }
            return index
        }
        guard let text = value.string else {
            throw QuestionFault("\"\(key)\" is \(kind(value)), \(expected)")
        }
        // Where the choices have labels, the answer is one of them and nothing else.
        if let labels {
            guard let index = labels.firstIndex(of: text) else {
                throw QuestionFault(
                    "\"\(key)\" is \"\(text)\", expected one of \(labels.joined(separator: ", "))"
                )
            }
            return index
        }
        var meanings = Set(choices.indices.filter { choices[$0] == text })
        if let index = Int(text), "\(index)" == text, choices.indices.contains(index) {
            meanings.insert(index)
        }
        if let letter = text.utf8.first, text.utf8.count == 1, (0x41...0x5A).contains(letter),
            choices.indices.contains(Int(letter) - 0x41)
        {
            meanings.insert(Int(letter) - 0x41)
        }
        guard meanings.count == 1, let index = meanings.first else {
            throw QuestionFault(
                meanings.isEmpty
                    ? "\"\(key)\" is \"\(text)\", \(expected)"
                    : "\"\(key)\" is \"\(text)\", which may mean choices "
                        + "\(meanings.sorted().map(String.init).joined(separator: " and ")) (from 0); expected an index"
            )
        }
        return index
    }

    private static func kind(_ value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "a truth value"
        case .integer: "a whole number"
        case .number: "a number with a fraction"
        case .string: "a text"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
