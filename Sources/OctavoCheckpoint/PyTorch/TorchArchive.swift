internal import OctavoBase

/// The zip archive of a file of PyTorch: a pickle, and the storages that it speaks of (P2 to P4 of
/// formats/pytorch.md).
struct TorchArchive {
    /// Where the pickle is in the file.
    let pickle: Range<Int>
    /// Where each storage is, by its key.
    private var storages: [UTF8Key: Range<Int>] = [:]

    init(_ file: RawSpan) throws(PyTorchError) {
        let archive: ZipArchive
        do throws(ZipError) { archive = try ZipArchive(file) } catch { throw .zip(error) }
        var pickle: Range<Int>?
        var folder: Substring?
        for entry in archive.entries {
            let parts = entry.name.split(
                separator: "/",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard parts.count == 2, folder == nil || folder == parts[0] else {
                throw .badLayout("the entry \"\(entry.name)\" is not in the folder of the others")
            }
            folder = parts[0]
            switch parts[1] {
            case "data.pkl": pickle = try Self.checkedBytes(of: entry, in: file)
            case "constants.pkl": throw .torchScript
            case "byteorder":
                let bytes = file.extracting(try Self.checkedBytes(of: entry, in: file))
                let order = String(decoding: bytes.extracting(first: 16).array, as: UTF8.self)
                guard order == "little" else { throw .badByteOrder(order) }
            case let name where name.hasSuffix(".pkl"):
                throw .badLayout("the archive has a pickle \"\(name)\", expected data.pkl alone")
            case let name where name.hasPrefix("data/"):
                storages[UTF8Key(String(name.dropFirst(5)))] = entry.bytes
            default: break  // versions, and marks that help writers
            }
        }
        guard let pickle else { throw .badLayout("the archive has no data.pkl") }
        self.pickle = pickle
    }

    private static func checkedBytes(
        of entry: ZipArchive.Entry,
        in file: RawSpan
    ) throws(PyTorchError) -> Range<Int> {
        guard crc32(file.extracting(entry.bytes)) == entry.checksum else {
            throw .zip(.badChecksum(entry.name))
        }
        return entry.bytes
    }

    /// A tensor as a checkpoint presents it, if it lies within its storage (P7, P8).
    func checkpointTensor(
        _ tensor: TorchTensor,
        named name: String,
        in file: MappedFile
    ) throws(PyTorchError) -> CheckpointTensor {
        let key = tensor.storage.key
        guard let storage = storages[UTF8Key(key)] else {
            throw .missingStorage(tensor: name, key: key)
        }
        let width = tensor.dtype.bits / 8
        let storedWidth = tensor.storage.dtype.map { $0.bits / 8 } ?? 1
        guard storage.count % storedWidth == 0,
            storage.count / storedWidth == tensor.storage.count
        else {
            throw .wrongStorageSize(
                tensor: name,
                key: key,
                found: storage.count,
                expected: "\(tensor.storage.count) elements of \(storedWidth)"
            )
        }
        guard let byteCount = tensor.dtype.byteCount(shape: tensor.shape) else {
            throw .uncountable(tensor: name, shape: tensor.shape)
        }
        let layout = StridedLayout(offset: tensor.offset, strides: tensor.strides)
        guard let extent = layout.extent(of: tensor.shape),
            byteCount == 0 || extent.upperBound <= storage.count / width
        else { throw .outOfBounds(tensor: name, key: key) }

        if byteCount == 0 || layout.isContiguous(tensor.shape) {
            let begin = storage.lowerBound + (byteCount == 0 ? 0 : tensor.offset * width)
            return CheckpointTensor(
                name: name,
                type: .dtype(tensor.dtype),
                shape: tensor.shape,
                file: file,
                range: begin..<begin + byteCount
            )
        }
        return CheckpointTensor(
            name: name,
            dtype: tensor.dtype,
            shape: tensor.shape,
            byteCount: byteCount,
            file: file,
            storage: storage,
            layout: layout
        )
    }
}
