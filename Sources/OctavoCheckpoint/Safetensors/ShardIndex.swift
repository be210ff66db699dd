internal import OctavoBase

/// What is wrong with a shard index, or with the shards it names.
///
/// The rules are those of formats/safetensors.md.
public enum ShardIndexError: Error, Hashable, Sendable, CustomStringConvertible {
    /// I1: the index is not of the expected form; what is missing is said.
    case badForm(String)
    /// I2: a shard's name is not the plain name of a safetensors file.
    case badFileName(String)
    /// I3: a shard is not there.
    case missingShard(String)
    /// I4: the index puts a tensor into a shard that does not hold it.
    case missingTensor(String, shard: String)
    /// I4: a shard holds a tensor that the index does not put there.
    case strayTensor(String, shard: String)
    /// I5: a shard beside the index that it does not name.
    case strayShard(String)
    /// I6: the sizes of all tensors do not sum up to what the index says.
    case wrongTotalSize(found: String, expected: Int)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .badForm(let problem): problem
        case .badFileName(let name):
            "the index names the shard \(name.debugDescription), "
                + "expected a plain file name that ends in .safetensors"
        case .missingShard(let name): "the index names the shard \(name), which is not there"
        case .missingTensor(let tensor, let shard):
            "the index puts tensor \"\(tensor)\" into \(shard), which does not hold it"
        case .strayTensor(let tensor, let shard):
            "\(shard) holds tensor \"\(tensor)\", which the index does not put there"
        case .strayShard(let name): "the shard \(name) is there, but the index does not name it"
        case .wrongTotalSize(let found, let expected):
            "the index says that the tensors take \(found) bytes, but they take \(expected)"
        }
    }
}

/// A shard index: which file holds which tensor.
///
/// Checked on its own (I1, I2) when it is parsed.
struct ShardIndex {
    /// The name that an index has.
    static let fileName = "model.safetensors.index.json"

    /// The shard of each tensor.
    private let shardOfTensor: [UTF8Key: UTF8Key]
    /// The shards, sorted by the bytes of their names.
    let shards: [String]
    /// What all tensors take, if the index says so.
    private let totalSize: JSON?

    init(_ json: JSON) throws(ShardIndexError) {
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
            guard isPlainFileName(name), name.hasSuffix(".safetensors") else {
                throw .badFileName(name)
            }
            shardOfTensor[UTF8Key(tensor)] = UTF8Key(name)
        }
        self.shardOfTensor = shardOfTensor
        shards = Set(shardOfTensor.values).map(\.text).sorted(by: precedes)
        totalSize = metadata["total_size"]
    }

    /// Checks the index against its shards, opened in their order (I4 to I6), and against the names
    /// of all files beside it.
    func check(_ files: [SafetensorsFile], present: [String]) throws(ShardIndexError) {
        var found = 0
        var total = 0
        for (name, file) in zip(shards, files) {
            for tensor in file.tensors {
                guard shardOfTensor[UTF8Key(tensor.name)] == UTF8Key(name) else {
                    throw .strayTensor(tensor.name, shard: name)
                }
                found += 1
                total += tensor.bytes.count
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
        if let stray = present.first(where: { isShardName($0) && !shards.contains($0) }) {
            throw .strayShard(stray)
        }
        if let totalSize, totalSize.number != Double(total) {
            throw .wrongTotalSize(found: totalSize.text(.compact), expected: total)
        }
    }
}

/// Whether a name is one path component that stays in its directory.
func isPlainFileName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/"))
        && !name.utf8.contains(0)
}

/// Whether a file is called like a shard: `model-00001-of-00002.safetensors`.
private func isShardName(_ name: String) -> Bool {
    name.wholeMatch(of: /model-[0-9]{5}-of-[0-9]{5}\.safetensors/) != nil
}
