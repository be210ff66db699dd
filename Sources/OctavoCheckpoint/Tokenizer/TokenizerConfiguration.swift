import OctavoBase

/// What of a `tokenizer_config.json` bears on the tokens of a text.
///
/// The file holds much else, for Python; only the fields below are looked at.
struct TokenizerConfiguration {
    var bos: String?
    var eos: String?
    var padding: String?
    var unknown: String?
    var chatTemplate: String?
    /// Whether a text is begun and ended with its tokens; nothing to a tokenizer.json, which has a template.
    var addsBOS: Bool?
    var addsEOS: Bool?

    /// Nothing known.
    init() {}

    init(_ json: JSON) throws(TokenizerError) {
        func text(_ key: String) throws(TokenizerError) -> String? {
            guard let value = json[key], value != .null else { return nil }
            // Either the token, or the token with its attributes.
            guard let text = value.string ?? value["content"]?.string else {
                throw .wrongType("configuration.\(key)", expected: "a token")
            }
            return text
        }
        guard json.object != nil else { throw .wrongType("configuration", expected: "an object") }
        bos = try text("bos_token")
        eos = try text("eos_token")
        padding = try text("pad_token")
        unknown = try text("unk_token")
        addsBOS = json["add_bos_token"]?.bool
        addsEOS = json["add_eos_token"]?.bool
        chatTemplate = Self.chatTemplate(json["chat_template"])
    }

    /// The template, or of several named ones the default.
    private static func chatTemplate(_ json: JSON?) -> String? {
        guard let items = json?.array else { return json?.string }
        return items.first { $0["name"]?.string == "default" }?["template"]?.string
    }
}
