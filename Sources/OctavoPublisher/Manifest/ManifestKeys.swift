/// The keys that each mapping of a manifest may have, as manifests/schema.json has them too.
enum ManifestKeys {
    static let top = [
        "format", "source", "quantization", "calibration", "tuning", "evaluation", "outputs", "hub",
        "card",
        "signing", "resources", "expected",
    ]
    static let source = ["repository", "revision", "file", "path", "license"]
    static let quantization = [
        "scheme", "effort", "targets", "except", "block_tuning_epochs", "embeddings", "canonical",
        "seed",
    ]
    static let calibration = ["text", "tokens", "sequence_length"]
    static let tuning = [
        "text", "tokens", "sequence_length", "update", "update_embeddings", "objective",
        "cross_entropy_share", "steps",
        "batch_tokens", "learning_rate", "code_learning_rate", "code_share", "trust_ratio",
        "held_out_share",
        "steps_per_evaluation", "patience", "seed",
    ]
    static let evaluation = [
        "texts", "sequence_length", "windows", "tasks", "prompts", "max_tokens", "speed",
    ]
    static let output = ["kind", "name", "repository", "type", "max_shard_size", "mapped"]
    static let hub = [
        "revision", "private", "tag", "pull_request", "delete", "message", "collection",
    ]
    static let card = ["title", "sections", "template", "accept_license"]
    static let section = ["title", "text"]
    static let text = ["path", "sha256"]
    static let signing = ["key", "passphrase_file"]
    static let resources = ["threads", "memory", "precision"]
    static let expected = ["size", "memory", "cpu_time"]

    /// All of them, by the place of their mapping.
    static let all: [String: [String]] = [
        "": top, "source": source, "quantization": quantization, "calibration": calibration,
        "tuning": tuning, "evaluation": evaluation, "outputs": output, "hub": hub, "card": card,
        "sections": section, "text": text, "signing": signing, "resources": resources,
        "expected": expected,
    ]
}
