public import OctavoBase
import OctavoCheckpoint

/// What is known of the model that an artifact was made from, for its card to carry on.
///
/// Of the original's card its language, licence, tags and task are taken. What it says was measured there, its
/// widget, its footprint and its own base never are: they are not this artifact's.
public struct BaseModelFacts: Sendable, Equatable {
    /// The repository, OWNER/NAME, if it is in one.
    public var repository: String?
    /// The commit that was taken.
    public var revision: String?
    /// The ids of its licence, as hubs spell them; some cards name several.
    public var licenses: [String]
    /// The licence's name, where its id is `other`.
    public var licenseName: String?
    /// Where that licence can be read: a URL, or a file in the repository.
    public var licenseLink: String?
    /// The languages it declares, as ISO 639 codes.
    public var languages: [String]
    /// Its tags, without those of its library and format.
    public var tags: [String]
    /// Its task, as `text-generation`.
    public var pipelineTag: String?
    /// Whether its terms must be accepted before it can be fetched.
    public var isGated: Bool
    /// The names of its licence files, sorted.
    public var licenseFiles: [String]

    /// Records facts.
    public init(
        repository: String? = nil,
        revision: String? = nil,
        licenses: [String] = [],
        licenseName: String? = nil,
        licenseLink: String? = nil,
        languages: [String] = [],
        tags: [String] = [],
        pipelineTag: String? = nil,
        isGated: Bool = false,
        licenseFiles: [String] = []
    ) {
        self.repository = repository
        self.revision = revision
        self.licenses = licenses
        self.licenseName = licenseName
        self.licenseLink = licenseLink
        self.languages = languages
        self.tags = tags
        self.pipelineTag = pipelineTag
        self.isGated = isGated
        self.licenseFiles = licenseFiles
    }

    /// Reads the facts from the folder that a model was fetched into.
    ///
    /// - Parameters:
    ///   - directory: Where README.md and the licence files are, if there are any.
    ///   - repository: The repository, OWNER/NAME, if it is known.
    ///   - revision: The commit that was fetched.
    ///   - isGated: Whether its terms must be accepted, as the hub says; nil takes the card's word, which asks for
    ///     something in `extra_gated_…` where they must.
    /// - Throws: ``FrontMatterError``, ``FileError``.
    public init(
        directory: String,
        repository: String? = nil,
        revision: String? = nil,
        isGated: Bool? = nil
    ) throws {
        let card = joined(directory, ModelCard.fileName)
        let metadata =
            fileKind(card) == .file
            ? try FrontMatter.of(try Self.readCard(card)) : nil
        self.init(
            repository: repository,
            revision: revision,
            licenses: try metadata?.texts("license").filter { !$0.isEmpty } ?? [],
            licenseName: try metadata?.text("license_name"),
            licenseLink: try metadata?.text("license_link"),
            languages: try metadata?.texts("language") ?? [],
            tags: Self.carried(try metadata?.texts("tags") ?? []),
            pipelineTag: try metadata?.text("pipeline_tag"),
            isGated: isGated
                ?? (metadata?.pairs.contains { $0.key.hasPrefix("extra_gated_") } ?? false),
            licenseFiles: try OctavoPublisher.licenseFiles(in: directory)
        )
    }

    private static func readCard(_ path: String) throws -> [UInt8] {
        let size = try fileSize(path)
        guard size <= FrontMatter.largestCard else {
            throw FrontMatterError.tooLarge(
                what: "a card",
                bytes: size,
                limit: FrontMatter.largestCard
            )
        }
        return try readFile(path, limit: FrontMatter.largestCard)
    }

    /// The tags that are of the model, not of the form it was published in.
    private static func carried(_ tags: [String]) -> [String] {
        var seen: Set<String> = []
        return tags.filter { tag in
            let lower = tag.lowercased()
            return !tag.isEmpty && tag.unicodeScalars.count <= 100 && !formTags.contains(lower)
                && !formPrefixes.contains(where: lower.hasPrefix) && !lower.hasSuffix("-bit")
                && seen.insert(lower).inserted
        }
    }

    /// Tags of libraries, formats and ways to quantize, and those that hubs add themselves.
    private static let formTags: Set<String> = [
        "transformers", "safetensors", "pytorch", "tensorflow", "tf", "tf-keras", "keras", "jax",
        "flax", "onnx",
        "transformers.js", "gguf", "ggml", "llama.cpp", "llama-cpp", "mlx", "mlx-lm", "coreml",
        "openvino", "rust",
        "tflite", "gptq", "awq", "exl2", "exl3", "hqq", "bnb", "bitsandbytes", "fp8", "int8",
        "int4", "nf4", "aqlm",
        "compressed-tensors", "quantized", "octavo", "unsloth", "vllm", "text-generation-inference",
        "autotrain_compatible", "endpoints_compatible", "model-index", "custom_code",
        "conversational",
    ]
    private static let formPrefixes = [
        "region:", "license:", "base_model:", "dataset:", "arxiv:", "doi:", "deploy:", "library:",
    ]
}

/// The names of a folder's files that hold a licence or what a licence wants to go along, sorted.
///
/// Those that begin so (`LICENSE`, `NOTICE`, `USE_POLICY`, …) and any text whose name says it elsewhere, as
/// `gemma-license.txt`.
///
/// - Parameter directory: Where to look; folders in it are not looked into.
/// - Returns: The names.
/// - Throws: ``FileError``.
public func licenseFiles(in directory: String) throws(FileError) -> [String] {
    try directoryEntries(directory).filter { name in
        isLicenseFile(name) && fileKind(joined(directory, name)) == .file
    }
}

/// Whether a file's name says that it holds a licence, or what a licence wants to go along.
public func isLicenseFile(_ name: String) -> Bool {
    if isLegalText(name) { return true }
    let lower = name.lowercased()
    return (lower.contains("license") || lower.contains("licence"))
        && (lower.hasSuffix(".txt") || lower.hasSuffix(".md"))
}

/// Copies a model's licence files, byte for byte.
///
/// - Parameters:
///   - source: The original's folder.
///   - target: The artifact's folder; what has the name there is replaced.
/// - Returns: The names of the files, sorted.
/// - Throws: ``FileError``, also for a file of more than 16 MB.
@discardableResult
public func copyLicenseFiles(from source: String, to target: String) throws(FileError) -> [String] {
    let names = try licenseFiles(in: source)
    for name in names {
        try AtomicFile.write(
            try readFile(joined(source, name), limit: 16_000_000),
            to: joined(target, name)
        )
    }
    return names
}
