import OctavoBase
import OctavoCheckpoint
import OctavoModel

/// Where the text comes from that a quantization is fitted to.
public enum CalibrationText: Sendable, Equatable {
    /// The model writes it: sampled at temperature 1 from its first token and a spread of second ones.
    case selfWritten
    /// Files of UTF-8 text, read in order.
    case files([String])

    /// As the artifact's record names it: files by name alone, since folders differ between machines.
    var names: [String] {
        switch self {
        case .selfWritten: ["self"]
        case .files(let paths): paths.map(lastComponent)
        }
    }
}

/// Why there is no calibration text.
public enum CalibrationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The files are shorter than one sequence.
    case tooShort(tokens: Int, needed: Int)
    /// A file is not UTF-8.
    case notUTF8(String)
    /// The model has neither a first token nor ordinary ones to begin a text with.
    case nothingToBeginWith
    /// A sequence would be longer than the model's context.
    case sequenceTooLong(Int, context: Int)

    /// As a sentence.
    public var description: String {
        switch self {
        case .tooShort(let tokens, let needed):
            "the calibration text has \(tokens) tokens, expected at least \(needed)"
        case .notUTF8(let path): "\(path) is not UTF-8 text"
        case .nothingToBeginWith:
            "the model declares no first token and its tokenizer has no ordinary one"
        case .sequenceTooLong(let length, let context):
            "sequences of \(length) tokens are longer than the model's context of \(context)"
        }
    }
}

/// Reads files as token sequences of one length; what is left over at the end is dropped.
///
/// Where there are more sequences than wanted, those are taken that cover most of the text's tokens:
/// ``sequencesCoveringMost(_:of:)``.
///
/// - Returns: At most `count` sequences, at least one.
func sequences(
    fromFiles paths: [String],
    count: Int,
    length: Int,
    _ tokenizer: Tokenizer
) throws -> [[Int]] {
    var tokens: [Int] = []
    for path in paths {
        guard let text = String(validating: try readFile(path), as: UTF8.self) else {
            throw CalibrationError.notUTF8(path)
        }
        tokens += try tokenizer.encode(text, addSpecialTokens: false)
    }
    let available = tokens.count / length
    guard available > 0 else {
        throw CalibrationError.tooShort(tokens: tokens.count, needed: length)
    }
    let all = (0..<available).map { tokens[$0 * length..<($0 + 1) * length] }
    return sequencesCoveringMost(count, of: all).map { Array(all[$0]) }
}

/// Lets a model write token sequences of one length.
///
/// Each begins with the model's first token, if it has one, and a second one drawn from the whole
/// vocabulary without special tokens, so that the text covers more than the model's favourites.
func sequences(
    writtenBy model: OpenModel,
    count: Int,
    length: Int,
    seed: UInt64,
    threads: Int,
    progress: @escaping ProgressHandler
) throws -> [[Int]] {
    let language = try model.languageModel()
    let configuration = language.configuration
    let tokenizer = try model.tokenizer()
    let ordinary = (0..<configuration.vocabularySize).filter {
        $0 < tokenizer.vocabularySize && !tokenizer.isSpecial($0)
    }
    let first = configuration.beginToken.map { [$0] } ?? []
    guard !first.isEmpty || !ordinary.isEmpty else { throw CalibrationError.nothingToBeginWith }
    var generator = SeededGenerator(seed: seed, stream: .max)
    let prompts = (0..<count).map { _ in
        first + (ordinary.randomElement(using: &generator).map { [$0] } ?? [])
    }
    let size = batchSize(configuration, length: length)
    let batches = stride(from: 0, to: count, by: size).map {
        Array(prompts[$0..<min($0 + size, count)])
    }
    var texts: [[Int]] = []
    for (index, batch) in batches.enumerated() {
        // Sequences of a batch draw from streams of their own; batches from seeds of their own.
        texts += try language.sampleText(
            prompts: batch,
            length: length,
            temperature: 1,
            seed: seed &+ UInt64(index) << 32,
            Execution(threads: threads)
        ) { done in
            progress(
                Progress(
                    "writing text",
                    texts.count * length + done * batch.count,
                    of: count * length,
                    detail: "tokens, \(batch.count) sequences at once"
                )
            )
        }
    }
    return texts
}

/// How many sequences are written at once: 64, or as many as have room for their keys and values in
/// four gigabytes.
private func batchSize(_ configuration: ModelConfiguration, length: Int) -> Int {
    max(1, min(64, (4 << 30) / max(1, cacheBytes(configuration, length: length))))
}

/// The keys and values of a sequence.
private func cacheBytes(_ configuration: ModelConfiguration, length: Int) -> Int {
    2 * 4 * configuration.layerCount * configuration.keyValueWidth * length
}

/// The memory that writing text takes: all weights in single precision, and keys and values.
func writingBytes(_ configuration: ModelConfiguration, length: Int) -> Int {
    let linears = (0..<configuration.layerCount).flatMap(configuration.linears(inLayer:))
    let blocks = linears.reduce(0) { sum, name in
        let (outputs, inputs) = name.shape(in: configuration)
        return sum + outputs * inputs
    }
    let ends = configuration.vocabularySize * configuration.hiddenSize
    let weights = blocks + (configuration.tiesEmbeddings ? 1 : 2) * ends
    let cache = batchSize(configuration, length: length) * cacheBytes(configuration, length: length)
    // The largest tensor stands twice while it is read.
    return 4 * (weights + ends) + cache
}

/// The SHA-256 of token ids in order, as little-endian 32-bit integers.
func digest(ofTokens sequences: [[Int]]) -> Digest {
    let ids = sequences.flatMap(\.self).map { Int32(truncatingIfNeeded: $0).littleEndian }
    return Digest(of: ids)
}
