internal import OctavoBase

/// What a directory in Hugging Face layout calls its files of tensors in one format.
struct WeightFileNames: Sendable {
    /// The formats of such files.
    enum Format: Sendable {
        case safetensors
        case pytorch
    }

    /// What the files are.
    let format: Format
    /// What every name begins with.
    private let stem: String
    /// What every name ends with; the first of these in a directory, any of them elsewhere.
    private let suffixes: [String]

    /// `model.safetensors`, or shards of it.
    static let safetensors = WeightFileNames(
        format: .safetensors,
        stem: "model",
        suffixes: [".safetensors"]
    )
    /// `pytorch_model.bin`, or shards of it.
    static let pytorch = WeightFileNames(
        format: .pytorch,
        stem: "pytorch_model",
        suffixes: [".bin", ".pth", ".pt"]
    )
    /// All formats; where a directory has several, an earlier one precedes.
    static let all = [safetensors, pytorch]

    /// The ending of the files in a directory.
    var suffix: String { suffixes[0] }
    /// The only file of a model that is not sharded.
    var whole: String { stem + suffix }
    /// The index of a model that is.
    var index: String { whole + ".index.json" }

    /// Whether a file is of this format, going by its name.
    func describe(_ path: String) -> Bool { suffixes.contains(where: path.hasSuffix) }

    /// The name of a file of several, counting from one, as in `model-00001-of-00002.safetensors`.
    func file(_ number: Int, of count: Int) -> String {
        count == 1 ? whole : shard(number, of: count)
    }

    /// The name of a shard, even if it is the only one.
    func shard(_ number: Int, of count: Int) -> String {
        "\(stem)-\(padded(number))-of-\(padded(count))\(suffix)"
    }

    /// How many shards a model has that has one of this name, or nil if no shard is called so.
    func shardCount(_ name: String) -> Int? {
        guard name.hasPrefix(stem),
            let match = name.dropFirst(stem.count).wholeMatch(
                of: /-([0-9]{5})-of-([0-9]{5})(\..*)/
            ),
            match.3 == suffix
        else { return nil }
        return Int(match.2)
    }

    private func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
