internal import OctavoBase

/// A file that `torch.save` wrote: a dictionary of tensors whose bytes are fetched as they are touched.
///
/// What is accepted is in formats/pytorch.md. Nothing in the file is run.
struct PyTorchFile {
    /// Its tensors, in the order in which they were saved.
    let tensors: [CheckpointTensor]

    /// Tensors may lie on top of each other: how much more than the file they may take, read one by one.
    private static let mostUnfolding = 4
    /// What the tensors of the smallest file may take, in bytes.
    private static let leastUnfolded = 1 << 20

    /// Reads and checks all but the tensors' values.
    ///
    /// - Throws: The first rule that the file breaks.
    init(_ file: MappedFile) throws(PyTorchError) {
        try refuseOlderFormats(file.bytes)
        let archive = try TorchArchive(file.bytes)
        var unpickler = Unpickler(file.bytes.extracting(archive.pickle))
        let root: PickleValue
        do throws(PickleError) { root = try unpickler.load() } catch { throw .pickle(error) }

        // No file that can be mapped is so large that this would overflow.
        let limit = Self.mostUnfolding * min(file.count, 1 << 60) + Self.leastUnfolded
        var total = 0
        var tensors: [CheckpointTensor] = []
        var dtypes: [UTF8Key: DType?] = [:]
        for (name, tensor) in try unpickler.stateDictionary(root) {
            let storage = tensor.storage
            let other = dtypes.updateValue(storage.dtype, forKey: UTF8Key(storage.key))
            guard other == nil || other == .some(storage.dtype) else {
                throw .ambiguousStorage(tensor: name, key: storage.key)
            }
            let tensor = try archive.checkpointTensor(tensor, named: name, in: file)
            guard tensor.byteCount <= limit - total else { throw .tooLarge(fileSize: file.count) }
            total += tensor.byteCount
            tensors.append(tensor)
        }
        self.tensors = tensors
    }
}

/// Tells what older versions of PyTorch wrote from what is no such file at all (P1).
private func refuseOlderFormats(_ file: RawSpan) throws(PyTorchError) {
    // A pickle of protocol 2 that holds nothing but the number 0x1950A86A20F9469CFC6C.
    let legacy: [UInt8] = [
        0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]
    if file.extracting(first: legacy.count).array == legacy { throw .legacy }
    let tarMagic = 257..<262
    if file.byteCount >= tarMagic.upperBound, file.extracting(tarMagic).array == Array("ustar".utf8)
    {
        throw .tar
    }
}

extension Unpickler {
    /// The tensors by their names: of a dictionary of tensors, or of the one that training keeps under
    /// `state_dict` beside other things (P6).
    fileprivate func stateDictionary(
        _ root: PickleValue
    ) throws(PyTorchError) -> [(String, TorchTensor)] {
        guard case .dictionary(var index) = root else {
            throw .notTensors(found: root.kind, key: nil)
        }
        for (key, value) in dictionaries[index] {
            if key.text == "state_dict", case .dictionary(let inner) = value { index = inner }
        }
        var names: Set<UTF8Key> = []
        var tensors: [(String, TorchTensor)] = []
        for (key, value) in dictionaries[index] {
            guard let name = key.text else {
                throw .notTensors(found: "a dictionary with \(key.kind) for a key", key: nil)
            }
            guard case .tensor(let tensor) = value else {
                throw .notTensors(found: value.kind, key: name)
            }
            guard names.insert(UTF8Key(name)).inserted else { throw .duplicateTensor(name) }
            tensors.append((name, self.tensors[tensor]))
        }
        return tensors
    }
}
