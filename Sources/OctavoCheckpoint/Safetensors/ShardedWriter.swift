public import OctavoBase

/// Writes tensors as a Hugging Face directory holds them: one `model.safetensors`, or shards of at
/// most so many bytes with an index.
///
/// Shards are filled in the order given, as the huggingface_hub library does. Each shard has its
/// name only once it is whole, and the index comes last, so that a directory with an index is
/// complete.
///
/// - Parameters:
///   - tensors: All tensors, in the order in which shards are filled.
///   - directory: Where to write; it must exist.
///   - maxShardSize: The most tensor bytes in a shard; a larger tensor has a shard of its own.
///   - body: Gives the bytes of a tensor, all of them, to the writer. Within a shard tensors come
///     in the writer's order, not in the one given.
/// - Returns: What was written, the index last.
/// - Throws: What `body` throws, or ``SafetensorsWriteError``.
public func writeSafetensors(
    _ tensors: [TensorPlan],
    to directory: String,
    maxShardSize: Int = 5_000_000_000,
    body: (TensorPlan, inout SafetensorsWriter) throws -> Void
) throws -> [WrittenFile] {
    let names = WeightFileNames.safetensors
    let shards = shardPlans(tensors, maxShardSize: maxShardSize)
    var files: [WrittenFile] = []
    var weightMap = JSONObject()
    for (index, shard) in shards.enumerated() {
        let name = names.file(index + 1, of: shards.count)
        var writer = try SafetensorsWriter(joined(directory, name), tensors: shard)
        for plan in writer.plans {
            guard weightMap[plan.name] == nil else {
                throw SafetensorsWriteError.duplicateTensor(plan.name)
            }
            weightMap[plan.name] = .string(name)
            // Empty tensors want no bytes. Too few for a tensor is what `finish` reports.
            guard plan == writer.next else { continue }
            try body(plan, &writer)
        }
        files.append(try writer.finish())
    }
    if shards.count > 1 {
        let total = tensors.reduce(0) { $0 + $1.byteCount }
        let index: JSON = .object([
            "metadata": .object(["total_size": .integer(total)]), "weight_map": .object(weightMap),
        ])
        files.append(try writeText(index.text(.sorted), to: directory, name: names.index))
    }
    return files
}

/// Writes a small text file beside tensors.
///
/// - Returns: Its record.
public func writeText(_ text: String, to directory: String, name: String) throws(FileError)
    -> WrittenFile
{
    let bytes = Array(text.utf8)
    try AtomicFile.write(bytes, to: joined(directory, name))
    return WrittenFile(
        name: name,
        size: bytes.count,
        digest: Digest(of: bytes),
        tensors: []
    )
}

/// Which tensors go into which shard: greedily, in order.
///
/// A tensor above the limit gets its own shard at once, before the one being filled: so does
/// huggingface_hub, and the names of shards depend on it.
func shardPlans(_ tensors: [TensorPlan], maxShardSize: Int) -> [[TensorPlan]] {
    var shards: [[TensorPlan]] = []
    var current: [TensorPlan] = []
    var size = 0
    for tensor in tensors {
        if tensor.byteCount > maxShardSize {
            shards.append([tensor])
            continue
        }
        if size + tensor.byteCount > maxShardSize {
            shards.append(current)
            current = []
            size = 0
        }
        current.append(tensor)
        size += tensor.byteCount
    }
    if !current.isEmpty || shards.isEmpty { shards.append(current) }
    return shards
}
