extension GGUFVocabulary {
    /// Reads the vocabulary in a GGUF file's metadata.
    ///
    /// - Throws: When the tokens or merges are missing.
    public init(_ metadata: GGUFMetadata) throws(TokenizerError) {
        func required<T>(_ key: String, _ value: T?) throws(TokenizerError) -> T {
            guard let value else { throw .missing(key) }
            return value
        }
        let prefix = "tokenizer.ggml."
        self.init(
            model: try required(prefix + "model", metadata.string(prefix + "model")),
            pre: metadata.string(prefix + "pre"),
            tokens: try required(prefix + "tokens", metadata.strings(prefix + "tokens")),
            kinds: metadata.integers(prefix + "token_type") ?? [],
            merges: metadata.strings(prefix + "merges") ?? []
        )
        if metadata[prefix + "scores"] != nil {
            scores = try required(prefix + "scores", metadata.numbers(prefix + "scores"))
        }
        addsSpacePrefix = metadata.bool(prefix + "add_space_prefix")
        normalizesText =
            metadata[prefix + "precompiled_charsmap"]?.array?.isEmpty == false
            || metadata.bool(prefix + "remove_extra_whitespaces") == true
        huggingFaceJSON = metadata.string("tokenizer.huggingface.json")
        bosID = metadata.integer(prefix + "bos_token_id")
        eosID = metadata.integer(prefix + "eos_token_id")
        unknownID = metadata.integer(prefix + "unknown_token_id")
        paddingID = metadata.integer(prefix + "padding_token_id")
        addsBOS = metadata.bool(prefix + "add_bos_token")
        addsEOS = metadata.bool(prefix + "add_eos_token")
        chatTemplate = metadata.string("tokenizer.chat_template")
        if let architecture = metadata.string("general.architecture") {
            contextLength = metadata.integer(architecture + ".context_length")
        }
    }
}
