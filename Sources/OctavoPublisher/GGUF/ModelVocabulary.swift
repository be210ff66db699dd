import OctavoBase
import OctavoCheckpoint
import OctavoModel

extension OpenModel {
    /// What a GGUF file says of its tokenizer: the same as the one that it is in, or what its tokenizer.json
    /// or tokenizer.model comes to.
    ///
    /// A model without a tokenizer is one all the same, if not for text: then the file says so.
    func tokenizerFields(
        _ configuration: ModelConfiguration
    ) throws -> [(key: String, value: GGUFField)] {
        if let metadata = checkpoint.ggufMetadata { return metadata.tokenizerFields }
        guard var vocabulary = try vocabulary(rows: configuration.vocabularySize) else {
            let ids = [
                ("bos", configuration.beginToken), ("eos", configuration.endTokens.first),
                ("padding", paddingToken(configuration)),
            ]
            return [("tokenizer.ggml.model", .string("no_vocab"))]
                + ids.compactMap { role, id in
                    id.map { ("tokenizer.ggml.\(role)_token_id", .uint32(UInt32($0))) }
                }
        }
        vocabulary.bosID = vocabulary.bosID ?? configuration.beginToken
        vocabulary.eosID = vocabulary.eosID ?? configuration.endTokens.first
        vocabulary.paddingID = vocabulary.paddingID ?? paddingToken(configuration)
        return vocabulary.fields
    }

    /// The token that fills batches, if the configuration names one.
    private func paddingToken(_ configuration: ModelConfiguration) -> Int? {
        config["pad_token_id"]?.integer.flatMap {
            (0..<configuration.vocabularySize).contains($0) ? $0 : nil
        }
    }

    /// Its tokenizer as GGUF holds it; nil if it has none.
    private func vocabulary(rows: Int) throws -> GGUFVocabulary? {
        var settings = try sideFile("tokenizer_config.json")
        // Which newer versions of transformers write beside it.
        if settings?["chat_template"] == nil,
            let template = checkpoint.sideFiles.first(where: { $0.name == "chat_template.jinja" })
        {
            var members = settings?.object ?? JSONObject()
            members["chat_template"] = .string(
                String(decoding: try template.bytes(), as: UTF8.self)
            )
            settings = .object(members)
        }
        func file(_ name: String) throws -> [UInt8]? {
            try checkpoint.sideFiles.first { $0.name == name }?.bytes()
        }
        if let bytes = try file("tokenizer.json") {
            return try GGUFVocabulary(
                tokenizerJSON: String(decoding: bytes, as: UTF8.self),
                configuration: settings,
                rows: rows
            )
        }
        return try file("tokenizer.model").map {
            try GGUFVocabulary(sentencePiece: $0, configuration: settings, rows: rows)
        }
    }
}
