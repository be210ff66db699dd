import OctavoBase

/// What stands around the tokens of a text when special tokens are asked for.
struct PostProcessor: Sendable {
    private(set) var prefix: [Int] = []
    private(set) var suffix: [Int] = []

    /// These ids before and behind each text.
    init(prefix: [Int], suffix: [Int]) {
        self.prefix = prefix
        self.suffix = suffix
    }

    /// Reads the `post_processor` of a tokenizer file.
    ///
    /// `ByteLevel` only moves offsets, which are not kept here; of a template, only the form for
    /// single texts is.
    init(_ json: JSON?, _ path: String) throws(TokenizerError) {
        guard let json, json != .null else { return }
        var fields = try TokenizerFields(json, path)
        let type = try fields.string("type")
        switch type {
        case "ByteLevel": fields.ignore("add_prefix_space", "trim_offsets", "use_regex")
        case "TemplateProcessing": try readTemplate(&fields)
        case "BertProcessing", "RobertaProcessing":
            prefix = [try Self.id(&fields, "cls")]
            suffix = [try Self.id(&fields, "sep")]
            fields.ignore("trim_offsets", "add_prefix_space")
        case "Sequence":
            for (index, item) in try fields.array("processors").enumerated() {
                let part = try PostProcessor(item, "\(path).processors[\(index)]")
                prefix = part.prefix + prefix
                suffix += part.suffix
            }
        default: throw .unsupported(fields.name("type"), type)
        }
        try fields.finish()
    }

    /// The id in a pair of a token and its id.
    private static func id(_ fields: inout TokenizerFields, _ key: String) throws(TokenizerError)
        -> Int
    {
        let pair = try fields.array(key)
        guard pair.count == 2, pair[0].string != nil, let id = pair[1].integer else {
            throw .wrongType(fields.name(key), expected: "a token and its id")
        }
        return id
    }

    private mutating func readTemplate(_ fields: inout TokenizerFields) throws(TokenizerError) {
        fields.ignore("pair")
        let tokens = try fields.required("special_tokens")
        let path = fields.name("single")
        var isAfterText = false
        for (index, item) in try fields.array("single").enumerated() {
            let name = "\(path)[\(index)]"
            if let sequence = item["Sequence"] {
                guard sequence["id"]?.string == "A", !isAfterText else {
                    throw .unsupported(name, item.text(.compact))
                }
                isAfterText = true
            } else {
                guard let token = item["SpecialToken"]?["id"]?.string else {
                    throw .wrongType(name, expected: "a Sequence or a SpecialToken")
                }
                let ids = try Self.ids(of: token, tokens, fields.name("special_tokens"))
                if isAfterText { suffix += ids } else { prefix += ids }
            }
        }
        guard isAfterText else { throw .missing("\(path) Sequence") }
    }

    private static func ids(
        of token: String,
        _ tokens: JSON,
        _ path: String
    ) throws(TokenizerError) -> [Int] {
        guard let items = tokens[token]?["ids"]?.array else {
            throw .missing("\(path)[\"\(token)\"].ids")
        }
        let ids = items.compactMap(\.integer)
        guard ids.count == items.count else {
            throw .wrongType("\(path)[\"\(token)\"].ids", expected: "an array of whole numbers")
        }
        return ids
    }
}
