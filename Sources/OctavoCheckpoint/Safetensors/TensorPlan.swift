public import OctavoBase

/// A tensor that is going to be written: all but its values.
public struct TensorPlan: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// The type of its elements.
    public let dtype: DType
    /// Its dimensions, slowest first.
    public let shape: [Int]
    /// The bytes it will take.
    public let byteCount: Int

    /// Plans a tensor.
    ///
    /// - Returns: Nil if its elements do not take a whole number of bytes below 2^63.
    public init?(name: String, dtype: DType, shape: [Int]) {
        guard let byteCount = dtype.byteCount(shape: shape) else { return nil }
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.byteCount = byteCount
    }
}

/// A tensor that was written, with the digest of its bytes.
public struct WrittenTensor: Sendable, Hashable {
    /// What it was planned as.
    public let plan: TensorPlan
    /// The SHA-256 of its stored bytes.
    public let digest: Digest
}

/// A file that was written whole.
public struct WrittenFile: Sendable, Hashable {
    /// Its name, without directory.
    public let name: String
    /// Its length in bytes.
    public let size: Int
    /// The SHA-256 of all its bytes.
    public let digest: Digest
    /// The tensors in it, in the order of their bytes; none in an index.
    public let tensors: [WrittenTensor]
}
