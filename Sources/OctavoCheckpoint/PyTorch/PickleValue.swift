internal import OctavoBase

/// A value that a pickle puts together.
///
/// What a tuple or a dictionary holds lies in the unpickler, and the value says where: so none is
/// nested in another, and a hostile pickle finds no recursion to go down.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    /// A number whose value no tensor needs.
    case float
    case text(String)
    /// Its items, among those of all tuples.
    case tuple(Range<Int>)
    /// A list, whose items no tensor needs.
    case list
    /// One of the dictionaries.
    case dictionary(Int)
    case symbol(TorchSymbol)
    /// One of the storages.
    case storage(Int)
    /// One of the tensors.
    case tensor(Int)

    /// A whole number, else nil.
    var integer: Int? { if case .integer(let value) = self { value } else { nil } }

    /// A text, else nil.
    var text: String? { if case .text(let value) = self { value } else { nil } }

    /// What kind of value this is, for an error's sentence.
    var kind: String {
        switch self {
        case .none: "nothing"
        case .bool: "a truth value"
        case .integer: "a whole number"
        case .float: "a number"
        case .text: "a text"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .symbol: "a global"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// Bytes that tensors lie in, as a pickle describes them: an entry of the archive.
struct TorchStorage {
    /// The name of the entry, below `data/`.
    let key: String
    /// The type of its elements; nil if it is one of bytes.
    let dtype: DType?
    /// How many elements it has.
    let count: Int
}

/// A tensor as a pickle describes it: element (i, j, …) of it is that of its storage at
/// `offset + i * strides[0] + j * strides[1] + …`.
struct TorchTensor {
    let storage: TorchStorage
    let dtype: DType
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}
