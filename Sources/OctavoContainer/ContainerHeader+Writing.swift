internal import OctavoBase

/// What a header says of a part, before its place is known.
struct PartEntry {
    var encoding: PartEncoding
    var size: Int
    var length: Int
    var digest: Digest
    var tensor: ContainedTensor?

    fileprivate var json: JSONObject {
        var members = JSONObject()
        members["encoding"] = .string(encoding.name)
        for (name, value) in encoding.members { members[name] = .integer(value) }
        members["length"] = .integer(length)
        members["sha256"] = .string(digest.hex)
        members["size"] = .integer(size)
        if let tensor {
            members["tensor"] = .object([
                "dtype": .string(tensor.dtype.rawValue), "name": .string(tensor.name),
                "shape": .array(tensor.shape.map(JSON.integer)),
            ])
        }
        return members
    }
}

/// The text of a header, without padding.
func headerText(_ files: [(path: String, parts: [PartEntry])], leaves: [UInt8]) -> [UInt8] {
    headerText(
        files.map { ($0.path, $0.parts.map(\.json)) },
        leaves: hexadecimal(leaves),
        requires: requirements(files.flatMap(\.parts))
    )
}

/// What a reader must know of parts beyond the first version of the format, sorted.
func requirements(_ parts: [PartEntry]) -> [String] {
    Set(parts.compactMap(\.encoding.requirement?.rawValue)).sorted()
}

/// How long a header can be at most, going by what is known before anything is encoded.
///
/// - Parameter files: The parts with the most bytes that each can take.
/// - Returns: A multiple of 64.
func headerLengthBound(_ files: [(path: String, parts: [PartEntry])]) -> Int {
    var bound = 0
    let longest = files.map { file in
        let parts = file.parts.map { part in
            // 1 << 14 is more than any alignment leaves between two parts.
            bound += part.length + (1 << 14)
            var members = part.json
            members["encoding"] = "additive"
            for name in ["bits", "codebooks", "group"] { members[name] = 65536 }
            return members
        }
        return (file.path, parts)
    }
    let leaves = String(repeating: "0", count: 64 * MerkleTree.leafCount(bound))
    let text = headerText(
        longest,
        leaves: leaves,
        requires: requirements(files.flatMap(\.parts))
    )
    return (text.count + 63) / 64 * 64
}

private func headerText(
    _ files: [(path: String, parts: [JSONObject])],
    leaves: String,
    requires: [String]
) -> [UInt8] {
    let items = files.map { file in
        JSON.object([
            "path": .string(file.path), "parts": .array(file.parts.map(JSON.object)),
        ])
    }
    let header: JSON = .object([
        "files": .array(items), "leaves": .string(leaves),
        "requires": .array(requires.map(JSON.string)),
    ])
    return Array(header.text(.canonical).utf8)
}
