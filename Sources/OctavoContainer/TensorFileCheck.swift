internal import OctavoBase

/// How long the safetensors header of a file may be, with its length, and those of all files together.
private let longestTensorHeader = 100_000_008
private let longestTensorHeaders = 1 << 28

/// Whether the safetensors headers of all files of tensors, of so many bytes each, are no longer than such headers
/// may be (C22).
///
/// They are held in memory, and frames of few bytes stand for very many: it is asked before they are decoded.
func tensorHeadersFit(_ sizes: [Int]) -> Bool {
    sizes.allSatisfy { $0 <= longestTensorHeader } && sizes.reduce(0, +) <= longestTensorHeaders
}

/// Checks that a file of tensors says of them what the container says (C22): its first part is a safetensors
/// header, and each other part the tensor whose bytes are next.
///
/// Otherwise a reader of the container and one of the file taken out of it would see two models.
func checkTensorFile(_ file: ContainedFile, header: [UInt8]) throws(ContainerError) {
    func lie(_ what: String) -> ContainerError {
        ContainerError(.tensorFile, "in \"\(file.path)\" \(what)")
    }
    let length = header.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard header.count >= 8, length == UInt64(header.count - 8) else {
        throw lie("the header does not take the part before the tensors")
    }
    let json: JSON
    do throws(JSONError) {
        json = try JSON(parsing: Array(header[8...]), mostValues: 8_000_000)
    } catch { throw lie("the header is malformed: \(error)") }
    guard let members = json.object else { throw lie("the header is no JSON object") }
    let described = members.count - (members["__metadata__"] == nil ? 0 : 1)
    guard described == file.parts.count - 1 else {
        throw lie("the header describes \(described) tensors, expected \(file.parts.count - 1)")
    }
    var offset = 0
    for part in file.parts.dropFirst() {
        guard let tensor = part.tensor, tensor.name != "__metadata__",
            let entry = members[tensor.name], entry.object?.count == 3
        else { throw lie("a part is no tensor that the header describes") }
        let end = offset + part.size
        guard entry["dtype"] == .string(tensor.dtype.rawValue),
            entry["shape"] == .array(tensor.shape.map(JSON.integer)),
            entry["data_offsets"] == [.integer(offset), .integer(end)]
        else { throw lie("the header describes tensor \"\(tensor.name)\" otherwise") }
        offset = end
    }
}
