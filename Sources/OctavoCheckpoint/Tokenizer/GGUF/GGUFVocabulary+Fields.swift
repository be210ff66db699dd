extension GGUFVocabulary {
    /// The metadata that say all of it, in the order in which converters write them.
    public var fields: [(key: String, value: GGUFField)] {
        var fields: [(key: String, value: GGUFField)] = []
        func add(_ key: String, _ value: GGUFField?) {
            if let value { fields.append(("tokenizer." + key, value)) }
        }
        add("ggml.model", .string(model))
        add("ggml.pre", pre.map(GGUFField.string))
        add("ggml.tokens", .strings(tokens))
        if hasScores { add("ggml.scores", .float32s(scores.map { Float($0) })) }
        if !kinds.isEmpty { add("ggml.token_type", .int32s(kinds.map { Int32($0) })) }
        if !hasScores { add("ggml.merges", .strings(merges)) }
        for (role, id) in [
            ("bos", bosID), ("eos", eosID), ("unknown", unknownID), ("padding", paddingID),
        ] {
            add("ggml.\(role)_token_id", id.map { .uint32(UInt32($0)) })
        }
        add("ggml.add_bos_token", addsBOS.map(GGUFField.bool))
        add("ggml.add_eos_token", addsEOS.map(GGUFField.bool))
        if hasScores { add("ggml.add_space_prefix", addsSpacePrefix.map(GGUFField.bool)) }
        add("chat_template", chatTemplate.map(GGUFField.string))
        add("huggingface.json", huggingFaceJSON.map(GGUFField.string))
        return fields
    }
}

extension GGUFMetadata {
    /// What a file says of its tokenizer, as another file would say it.
    public var tokenizerFields: [(key: String, value: GGUFField)] {
        keys.filter { $0.hasPrefix("tokenizer.") }.compactMap { key in
            guard let value = self[key] else { return nil }
            // What is whole by chance is a number with a fraction all the same.
            if key == "tokenizer.ggml.scores", let scores = numbers(key) {
                return (key, .float32s(scores.map { Float($0) }))
            }
            return GGUFField(value).map { (key, $0) }
        }
    }
}
