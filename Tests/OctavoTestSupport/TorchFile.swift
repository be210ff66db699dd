import OctavoBase

/// A file as `torch.save` writes a dictionary of float tensors: a zip of a pickle and of the numbers.
public func torchFile(_ tensors: [String: (shape: [Int], values: [Float])]) -> [UInt8] {
    var pickle: [UInt8] = [0x80, 2] + Array("}(".utf8)
    var entries: [(name: String, bytes: [UInt8])] = []
    func text(_ value: String) -> [UInt8] {
        [UInt8(ascii: "X")] + little(UInt32(value.utf8.count)) + Array(value.utf8)
    }
    func number(_ value: Int) -> [UInt8] { [UInt8(ascii: "J")] + little(Int32(value)) }
    func global(_ module: String, _ name: String) -> [UInt8] {
        Array("c\(module)\n\(name)\n".utf8)
    }
    func tuple(_ items: [UInt8]...) -> [UInt8] {
        Array("(".utf8) + items.joined() + Array("t".utf8)
    }
    for (index, (name, tensor)) in tensors.sorted(by: { $0.key < $1.key }).enumerated() {
        var strides = [Int](repeating: 1, count: tensor.shape.count)
        for i in strides.indices.dropLast().reversed() {
            strides[i] = strides[i + 1] * tensor.shape[i + 1]
        }
        let storage =
            tuple(
                text("storage"),
                global("torch", "FloatStorage"),
                text("\(index)"),
                text("cpu"),
                number(tensor.values.count)
            ) + Array("Q".utf8)
        func sizes(_ values: [Int]) -> [UInt8] {
            Array("(".utf8) + values.flatMap(number) + Array("t".utf8)
        }
        pickle += text(name) + global("torch._utils", "_rebuild_tensor_v2")
        pickle += tuple(
            storage,
            number(0),
            sizes(tensor.shape),
            sizes(strides),
            [0x89],
            global("collections", "OrderedDict") + Array(")R".utf8)
        )
        pickle += Array("R".utf8)
        entries.append(("archive/data/\(index)", tensor.values.byteArray))
    }
    pickle += Array("u.".utf8)
    return zip(
        [("archive/data.pkl", pickle), ("archive/byteorder", Array("little".utf8))] + entries
            + [("archive/version", Array("3\n".utf8))]
    )
}

private func little(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// A zip file of entries that are stored as they are.
private func zip(_ entries: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var (file, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, bytes) in entries {
        let start = UInt32(file.count)
        let size = little(UInt32(bytes.count))
        // Version and flags before it; method, time and date; checksum, sizes, lengths of name and extra.
        let common =
            [UInt8](repeating: 0, count: 8) + little(checksum(bytes)) + size + size
            + little(UInt16(name.utf8.count)) + [0, 0]
        file += little(UInt32(0x0403_4B50)) + [0, 0] + common + Array(name.utf8) + bytes
        directory += little(UInt32(0x0201_4B50)) + [0, 0, 0, 0] + common
        directory += [UInt8](repeating: 0, count: 10) + little(start) + Array(name.utf8)
    }
    let count = little(UInt16(entries.count))
    return file + directory + little(UInt32(0x0605_4B50)) + [0, 0, 0, 0] + count + count
        + little(UInt32(directory.count)) + little(UInt32(file.count)) + [0, 0]
}

/// The CRC-32 of bytes.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var remainder = UInt32.max
    for byte in bytes {
        remainder ^= UInt32(byte)
        for _ in 0..<8 {
            remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
        }
    }
    return ~remainder
}
