/// What is wrong with a file of PyTorch: one case for each way it can lie, or be of another kind.
///
/// The rules are those of formats/pytorch.md.
public enum PyTorchError: Error, Hashable, Sendable, CustomStringConvertible {
    /// P1: written by PyTorch before 1.6, without an archive around.
    case legacy
    /// P1: written by the oldest PyTorch, as a tar file.
    case tar
    /// P2: the archive is not sound.
    case zip(ZipError)
    /// P3: the archive's entries are not in one folder with a `data.pkl`; what is wrong is said.
    case badLayout(String)
    /// P3: a program compiled by TorchScript, which has code of its own.
    case torchScript
    /// P4: written by a machine of the other byte order, or what else `byteorder` says.
    case badByteOrder(String)
    /// P5: the pickle is not sound, or asks for what it is not given.
    case pickle(PickleError)
    /// P6: what was saved is no dictionary of tensors; what it is, and where.
    case notTensors(found: String, key: String?)
    /// P6: two tensors have one name.
    case duplicateTensor(String)
    /// P7: a tensor lies in a storage that the archive does not have.
    case missingStorage(tensor: String, key: String)
    /// P7: a storage has another number of bytes than the pickle says.
    case wrongStorageSize(tensor: String, key: String, found: Int, expected: String)
    /// P7: a storage is said to be of two types.
    case ambiguousStorage(tensor: String, key: String)
    /// P8: a tensor's shape cannot be counted.
    case uncountable(tensor: String, shape: [Int])
    /// P8: a tensor reaches beyond its storage.
    case outOfBounds(tensor: String, key: String)
    /// P9: the tensors, which may lie on top of each other, unfold to far more than the file has.
    case tooLarge(fileSize: Int)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .legacy: "the format of PyTorch before 1.6, expected that of later ones, a zip archive"
        case .tar:
            "the tar format of the oldest PyTorch, expected that of 1.6 and later, a zip archive"
        case .zip(let error): "\(error)"
        case .badLayout(let problem): problem
        case .torchScript: "a TorchScript program, expected a dictionary of tensors"
        case .badByteOrder(let found):
            "the byte order \(found.debugDescription), expected \"little\""
        case .pickle(let error): "\(error)"
        case .notTensors(let found, let key?):
            "\(found) is saved under \"\(key)\", expected a tensor"
        case .notTensors(let found, nil): "\(found) was saved, expected a dictionary of tensors"
        case .duplicateTensor(let name): "two tensors are called \"\(name)\""
        case .missingStorage(let tensor, let key):
            "tensor \"\(tensor)\" lies in the storage \"\(key)\", which is not in the archive"
        case .wrongStorageSize(let tensor, let key, let found, let expected):
            "the storage \"\(key)\" of tensor \"\(tensor)\" has \(found) bytes, expected \(expected)"
        case .ambiguousStorage(let tensor, let key):
            "the storage \"\(key)\" of tensor \"\(tensor)\" is of another type for other tensors"
        case .uncountable(let tensor, let shape):
            "tensor \"\(tensor)\" of shape \(shape) has more bytes than can be counted"
        case .outOfBounds(let tensor, let key):
            "tensor \"\(tensor)\" reaches beyond its storage \"\(key)\""
        case .tooLarge(let size):
            "the tensors unfold to more than four times the file's \(size) bytes"
        }
    }
}
