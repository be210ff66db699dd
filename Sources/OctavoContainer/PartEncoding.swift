public import OctavoBase

/// How the bytes of a part are stored: a closed registry.
public enum PartEncoding: Sendable, Hashable {
    /// As they are.
    case raw
    /// A tensor of I8 of three dimensions, with the first one last.
    case columns
    /// Signed codes of I8 or I16, each in so many bits (1 to 16).
    case bits(Int)
    /// In blocks of a MiB, each as zstd frames or as it is.
    case zstd
    /// Elements of F16 or BF16 in blocks of a MiB: a plane of their exponents and one of the rest, each
    /// as zstd frames or as it is.
    case planes
    /// Elements of F16 or BF16 as integers of 8 bits, a group of so many with a scale.
    case int8(group: Int)
    /// A matrix of F16 or BF16 as sums of codebook entries.
    case additive(codebooks: Int, bits: Int, group: Int)

    /// The name in a header.
    public var name: String {
        switch self {
        case .raw: "raw"
        case .columns: "columns"
        case .bits: "bits"
        case .zstd: "zstd"
        case .planes: "planes"
        case .int8: "int8"
        case .additive: "additive"
        }
    }

    /// The largest group that has a scale or an entry.
    static let largestGroup = 65536
    /// How many bytes of a part are decoded at a time, and those of a block.
    static let pieceSize = 1 << 20

    /// The members of a part that say more than the name.
    var members: [(String, Int)] {
        switch self {
        case .raw, .columns, .zstd, .planes: []
        case .bits(let bits): [("bits", bits)]
        case .int8(let group): [("group", group)]
        case .additive(let codebooks, let bits, let group):
            [("bits", bits), ("codebooks", codebooks), ("group", group)]
        }
    }

    /// What a reader must know to read it, if that is more than the first version of the format has.
    var requirement: ContainerRequirement? { self == .columns ? .columns : nil }

    /// How many planes a block has, or 0 where there are no blocks.
    var planeCount: Int {
        switch self {
        case .zstd: 1
        case .planes: 2
        default: 0
        }
    }

    /// How many blocks hold so many bytes.
    func blockCount(_ size: Int) -> Int { (size + Self.pieceSize - 1) / Self.pieceSize }

    /// The lengths that a part of so many bytes may have, or nil if it cannot be encoded so (C20).
    func lengths(size: Int, tensor: ContainedTensor?) -> ClosedRange<Int>? {
        let isHalf = tensor?.dtype == .f16 || tensor?.dtype == .bf16
        switch self {
        case .raw: return size...size
        case .columns:
            guard tensor?.dtype == .i8, tensor?.shape.count == 3 else { return nil }
            return size...size
        case .bits(let bits):
            let width = tensor?.dtype == .i8 ? 1 : tensor?.dtype == .i16 ? 2 : 0
            guard width > 0, 1...8 * width ~= bits else { return nil }
            let length = (size / width * bits + 7) / 8
            return length...length
        case .zstd, .planes:
            guard size > 0, self == .zstd || isHalf else { return nil }
            let table = 4 * planeCount * blockCount(size)
            return table + 1...table + size
        case .int8(let group):
            guard isHalf, 1...Self.largestGroup ~= group, size % (2 * group) == 0 else {
                return nil
            }
            let length = size / 2 + size / group
            return length...length
        case .additive(let codebooks, let bits, let group):
            guard isHalf, let shape = tensor?.shape, shape.count == 2, size > 0,
                1...16 ~= codebooks, 1...16 ~= bits, 1...1024 ~= group, shape[1] % group == 0
            else { return nil }
            let codes = size / 2 / group * codebooks
            let length =
                2 * (codebooks << bits) * group + 2 * shape[0] + (codes * bits + 7) / 8
            return length...length
        }
    }
}

/// A tensor whose bytes a part stands for.
public struct ContainedTensor: Sendable, Hashable {
    /// Its name: any text, never to be used as a path.
    public let name: String
    /// The type of its elements.
    public let dtype: DType
    /// Its dimensions, slowest first.
    public let shape: [Int]

    /// Describes a tensor.
    public init(name: String, dtype: DType, shape: [Int]) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
    }
}
