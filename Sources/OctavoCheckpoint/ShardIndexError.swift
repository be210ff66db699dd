/// What is wrong with a shard index, or with the shards of a model.
///
/// The rules are those of formats/safetensors.md; they hold for shards of PyTorch, too.
public enum ShardIndexError: Error, Hashable, Sendable, CustomStringConvertible {
    /// I1: the index is not of the expected form; what is missing is said.
    case badForm(String)
    /// I2: a shard's name is not the plain name of a file of the index's format.
    case badFileName(String, suffix: String)
    /// I3, I7: a shard is not there.
    case missingShard(String)
    /// I4: the index puts a tensor into a shard that does not hold it.
    case missingTensor(String, shard: String)
    /// I4: a shard holds a tensor that the index does not put there.
    case strayTensor(String, shard: String)
    /// I5, I7: a shard that is none of the model's.
    case strayShard(String)
    /// I6: the sizes of all tensors do not sum up to what the index says.
    case wrongTotalSize(found: String, expected: Int)
    /// I7: a shard holds a tensor that another one has, and no index says which one counts.
    case tensorTwice(String, shard: String)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .badForm(let problem): problem
        case .badFileName(let name, let suffix):
            "the index names the shard \(name.debugDescription), "
                + "expected a plain file name that ends in \(suffix)"
        case .missingShard(let name): "the shard \(name) is not there"
        case .missingTensor(let tensor, let shard):
            "the index puts tensor \"\(tensor)\" into \(shard), which does not hold it"
        case .strayTensor(let tensor, let shard):
            "\(shard) holds tensor \"\(tensor)\", which the index does not put there"
        case .strayShard(let name): "the shard \(name) is there, but is none of the model's"
        case .wrongTotalSize(let found, let expected):
            "the index says that the tensors take \(found) bytes, but they take \(expected)"
        case .tensorTwice(let tensor, let shard):
            "\(shard) holds tensor \"\(tensor)\", which another shard has, too"
        }
    }
}
