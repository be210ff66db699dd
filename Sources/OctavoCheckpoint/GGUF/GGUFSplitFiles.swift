internal import OctavoBase

/// Opens a GGUF file and, if it is the first of several that hold one model, the others beside it (M7).
///
/// - Returns: All files, in their order.
func openGGUF(_ path: String) throws(CheckpointError) -> [GGUFFile] {
    let first = try openGGUFFile(path)
    guard first.metadata["split.count"] != nil else { return [first] }
    let name = lastComponent(path)
    func failure(_ error: GGUFModelError, in file: String) -> CheckpointError {
        .ggufModel(file: file, error)
    }
    // The count is stored in 16 bits.
    guard let count = first.metadata.integer("split.count"), (0...0xFFFF).contains(count) else {
        throw failure(.badKey("split.count", expected: "a number below 65536"), in: name)
    }
    guard count > 1 else { return [first] }
    guard let number = first.metadata.integer("split.no"), (0..<count).contains(number) else {
        throw failure(.badKey("split.no", expected: "a number below \(count)"), in: name)
    }
    let suffix = splitSuffix(number, of: count)
    guard name.hasSuffix(suffix) else {
        let problem = "it is number \(number + 1) of \(count) files, whose name ends in \(suffix)"
        throw failure(.badSplit(problem), in: name)
    }
    let stem = String(name.dropLast(suffix.count))
    guard number == 0 else {
        let first = stem + splitSuffix(0, of: count)
        throw failure(.notFirst(number: number + 1, of: count, first: first), in: name)
    }
    var files = [first]
    for number in 1..<count {
        let name = stem + splitSuffix(number, of: count)
        let file = try openGGUFFile(joined(parent(of: path), name))
        for (key, expected) in [("split.no", number), ("split.count", count)]
        where file.metadata.integer(key) != expected {
            throw failure(.badKey(key, expected: "\(expected)"), in: name)
        }
        files.append(file)
    }
    var names: Set<UTF8Key> = []
    for tensor in files.flatMap(\.tensors) where !names.insert(UTF8Key(tensor.name)).inserted {
        throw failure(.badSplit("two of its files have a tensor \"\(tensor.name)\""), in: name)
    }
    guard first.metadata.integer("split.tensors.count") == names.count else {
        throw failure(.badKey("split.tensors.count", expected: "\(names.count)"), in: name)
    }
    return files
}

private func openGGUFFile(_ path: String) throws(CheckpointError) -> GGUFFile {
    let mapped = try rethrow(CheckpointError.file, try MappedFile(path))
    return try rethrow({ .gguf(file: lastComponent(path), $0) }, try GGUFFile(mapped))
}

/// How the name of one file of several ends: `-00001-of-00003.gguf` for the first of three.
private func splitSuffix(_ number: Int, of count: Int) -> String {
    func digits(_ value: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: 5 - text.count) + text
    }
    return "-\(digits(number + 1))-of-\(digits(count)).gguf"
}
