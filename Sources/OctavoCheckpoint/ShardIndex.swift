internal import OctavoBase

/// A shard index: which file holds which tensor.
///
/// Checked on its own (I1, I2 of formats/safetensors.md) when it is parsed.
struct ShardIndex {
    /// The name that an index of safetensors files has.
    static let fileName = WeightFileNames.safetensors.index

    /// The shard of each tensor.
    private let shardOfTensor: [UTF8Key: UTF8Key]
    /// The shards, sorted by the bytes of their names.
    let shards: [String]
    /// What all tensors take, if the index says so.
    private let totalSize: JSON?
    private let names: WeightFileNames

    init(_ json: JSON, of names: WeightFileNames) throws(ShardIndexError) {
        guard let metadata = json["metadata"]?.object else {
            throw .badForm("the index has no object \"metadata\"")
        }
        guard let map = json["weight_map"]?.object else {
            throw .badForm("the index has no object \"weight_map\"")
        }
        var shardOfTensor: [UTF8Key: UTF8Key] = [:]
        for (tensor, value) in map {
            guard let name = value.string else {
                throw .badForm("the index gives no file name for tensor \"\(tensor)\"")
            }
            guard isPlainFileName(name), name.hasSuffix(names.suffix) else {
                throw .badFileName(name, suffix: names.suffix)
            }
            shardOfTensor[UTF8Key(tensor)] = UTF8Key(name)
        }
        self.shardOfTensor = shardOfTensor
        self.names = names
        shards = Set(shardOfTensor.values).map(\.text).sorted(by: precedes)
        totalSize = metadata["total_size"]
    }

    /// Checks the index against its shards, opened in their order (I4 to I6), and against the names
    /// of all files beside it.
    func check(_ files: [WeightFile], present: [String]) throws(ShardIndexError) {
        var found = 0
        var total = 0
        for (name, file) in zip(shards, files) {
            for tensor in file.tensors {
                guard shardOfTensor[UTF8Key(tensor.name)] == UTF8Key(name) else {
                    throw .strayTensor(tensor.name, shard: name)
                }
                found += 1
                total += tensor.byteCount
            }
        }
        // Every tensor found is mapped to where it is, so only absent ones can make a difference.
        if found < shardOfTensor.count {
            let held = Set(files.flatMap { $0.tensors.map { UTF8Key($0.name) } })
            let missing = shardOfTensor.filter { !held.contains($0.key) }
            if let first = missing.min(by: { precedes($0.key.text, $1.key.text) }) {
                throw .missingTensor(first.key.text, shard: first.value.text)
            }
        }
        if let stray = present.first(where: {
            names.shardCount($0) != nil && !shards.contains($0)
        }) {
            throw .strayShard(stray)
        }
        // Writers of PyTorch's files disagree on how often a storage counts that tensors share.
        if names.format == .safetensors, let totalSize, totalSize.number != Double(total) {
            throw .wrongTotalSize(found: totalSize.text(.compact), expected: total)
        }
    }
}

/// The shards of a model without an index, in their order: their names say how many there are (I7).
///
/// - Parameters:
///   - names: What shards are called.
///   - present: The names of all files in the directory.
/// - Returns: None if there is no shard.
/// - Throws: When one of them is missing, or belongs to a model of another number.
func unindexedShards(
    _ names: WeightFileNames,
    among present: [String]
) throws(ShardIndexError) -> [String] {
    let found = Set(present.filter { names.shardCount($0) != nil }.map(UTF8Key.init))
    guard let first = found.map(\.text).min(by: precedes), let count = names.shardCount(first)
    else {
        return []
    }
    var shards: [String] = []
    for number in 1...max(1, count) {
        let name = names.shard(number, of: count)
        guard found.contains(UTF8Key(name)) else { throw .missingShard(name) }
        shards.append(name)
    }
    if let stray = found.map(\.text).filter({ !shards.contains($0) }).min(by: precedes) {
        throw .strayShard(stray)
    }
    return shards
}

/// Refuses a tensor in two shards, where no index says which one counts (I7).
func checkUnindexed(_ files: [WeightFile]) throws(ShardIndexError) {
    var names: Set<UTF8Key> = []
    for file in files {
        for tensor in file.tensors {
            guard names.insert(UTF8Key(tensor.name)).inserted else {
                throw .tensorTwice(tensor.name, shard: lastComponent(file.file.path))
            }
        }
    }
}

/// Whether a name is one path component that stays in its directory.
func isPlainFileName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/"))
        && !name.utf8.contains(0)
}
