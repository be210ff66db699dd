import OctavoBase
import OctavoCheckpoint
import OctavoModel

/// How a model differs from another.
public struct ModelDifference: Sendable {
    /// Tensors that only the second has.
    public var added: [String] = []
    /// Tensors that only the first has.
    public var removed: [String] = []
    /// Tensors that both have, and that differ.
    public var changed: [TensorDifference] = []
    /// How many tensors are the same in both.
    public var same = 0
    /// Differences of the configuration.
    public var config: [MemberDifference] = []
    /// Files beside the weights that only the second has.
    public var addedFiles: [String] = []
    /// Files that only the first has.
    public var removedFiles: [String] = []
    /// Files that both have, and that differ.
    public var changedFiles: [String] = []
    /// What differs in how text becomes tokens; nil if nothing does, or one of them has no tokenizer.
    public var tokenizer: [String] = []

    /// Whether there is no difference at all.
    public var isNone: Bool {
        haveSameWeights && changed.isEmpty && config.isEmpty && addedFiles.isEmpty
            && removedFiles.isEmpty && changedFiles.isEmpty && tokenizer.isEmpty
    }

    /// Whether both have the same tensors with the same numbers, whatever those are stored as.
    public var haveSameWeights: Bool {
        added.isEmpty && removed.isEmpty && changed.allSatisfy(\.hasSameValues)
    }

    /// Compares two models, some rows of a tensor at a time.
    ///
    /// Between two AQLM models, codes, codebooks and scales are compared; between one and another, the
    /// weights that they stand for.
    ///
    /// - Parameters:
    ///   - first: A model.
    ///   - second: What it became.
    ///   - progress: Told of every tensor.
    /// - Throws: What could not be read.
    public init(
        from first: OpenModel,
        to second: OpenModel,
        progress: ProgressHandler = { _ in }
    ) throws {
        let areBothFolded = first.aqlm != nil && second.aqlm != nil
        let ours = areBothFolded ? first.storedTensors : first.weightTensors
        let theirs = areBothFolded ? second.storedTensors : second.weightTensors
        let byName = Dictionary(
            theirs.map { (UTF8Key($0.name), $0) },
            uniquingKeysWith: { a, _ in a }
        )
        let names = Set(ours.map { UTF8Key($0.name) })
        added = theirs.map(\.name).filter { !names.contains(UTF8Key($0)) }.sorted(by: precedes)
        for (index, tensor) in ours.enumerated() {
            progress(Progress("comparing", index, of: ours.count, detail: tensor.name))
            guard let other = byName[UTF8Key(tensor.name)] else {
                removed.append(tensor.name)
                continue
            }
            if let difference = try compare(tensor, of: first, other, of: second) {
                changed.append(difference)
            } else {
                same += 1
            }
        }
        progress(Progress("comparing", ours.count, of: ours.count))
        removed.sort(by: precedes)
        changed.sort { precedes($0.name, $1.name) }
        if !first.checkpoint.isBare, !second.checkpoint.isBare {
            config = MemberDifference.between(first.config, second.config)
            try compareFiles(first, second)
        }
    }

    private mutating func compareFiles(_ first: OpenModel, _ second: OpenModel) throws {
        func files(_ model: OpenModel) -> [UTF8Key: SideFile] {
            Dictionary(
                model.checkpoint.sideFiles.map { (UTF8Key($0.name), $0) },
                uniquingKeysWith: { a, _ in a }
            )
        }
        let (ours, theirs) = (files(first), files(second))
        // A GGUF file holds the tokenizer in its metadata, not beside it.
        let isGGUF = [first, second].contains { $0.checkpoint.ggufMetadata != nil }
        func counts(_ name: String) -> Bool { !isGGUF || !SideFile.isOfTokenizer(name) }
        let names = Set(ours.keys).union(theirs.keys).map(\.text).filter(counts)
        for name in names.sorted(by: precedes) {
            switch (ours[UTF8Key(name)], theirs[UTF8Key(name)]) {
            case (nil, _): addedFiles.append(name)
            case (_, nil): removedFiles.append(name)
            case (let one?, let other?):
                if try !haveSameContent(one, other) { changedFiles.append(name) }
            }
        }
        guard isGGUF, let one = try? first.tokenizerJSON(), let other = try? second.tokenizerJSON()
        else { return }
        for part in ["vocab", "merges"] where one["model"]?[part] != other["model"]?[part] {
            tokenizer.append(part)
        }
        let rest = ["added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder"]
        for part in rest where one[part] ?? .null != other[part] ?? .null { tokenizer.append(part) }
    }
}

/// Whether two files say the same: those of JSON, whatever the order and the spaces.
private func haveSameContent(_ a: SideFile, _ b: SideFile) throws -> Bool {
    let (one, other) = (try a.bytes(), try b.bytes())
    guard one != other, a.name.hasSuffix(".json") else { return one == other }
    guard let one = try? JSON(parsing: one), let other = try? JSON(parsing: other) else {
        return false
    }
    return MemberDifference.between(one, other).isEmpty
}

extension SideFile {
    /// Whether a file of this name is the tokenizer's.
    fileprivate static func isOfTokenizer(_ name: String) -> Bool {
        let names: Set = [
            "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
            "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
        ]
        return names.contains(name)
    }
}

extension OpenModel {
    /// Its tensors as they are stored.
    fileprivate var storedTensors: [WeightTensor] {
        checkpoint.tensors.map {
            WeightTensor(name: $0.name, shape: $0.shape, type: $0.type.name, source: .stored($0))
        }
    }

    /// Its tokenizer.json, rebuilt if it is in a GGUF file; nil if it has none.
    fileprivate func tokenizerJSON() throws -> JSON? {
        if let metadata = checkpoint.ggufMetadata {
            return try GGUFVocabulary(metadata).tokenizerJSON()
        }
        return try sideFile("tokenizer.json")
    }
}
