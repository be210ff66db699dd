public import OctavoBase

/// A tensor as a safetensors file describes it.
public struct SafetensorsTensor: Sendable, Equatable {
    /// Its name: any text, never to be used as a path.
    public let name: String
    /// The type of its elements.
    public let dtype: DType
    /// Its dimensions, slowest first.
    public let shape: [Int]
    /// Where its bytes are in the file; not necessarily aligned.
    public let bytes: Range<Int>
}

/// A safetensors file: its header, and tensors whose bytes are fetched as they are touched.
///
/// What is accepted is in formats/safetensors.md.
public struct SafetensorsFile: Sendable {
    /// The file, mapped.
    public let file: MappedFile
    /// The header's `__metadata__`.
    public let metadata: [String: String]
    /// Its tensors, in the order of their bytes.
    public let tensors: [SafetensorsTensor]

    /// Reads and checks all but the tensors' values.
    ///
    /// - Throws: The first rule that the file breaks.
    public init(_ file: MappedFile) throws(SafetensorsError) {
        let header = try SafetensorsHeader(file.bytes)
        self.file = file
        metadata = header.metadata
        tensors = header.tensors
    }

    /// The stored bytes of a tensor of this file.
    @_lifetime(borrow self)
    public func bytes(of tensor: SafetensorsTensor) -> RawSpan {
        file.bytes.extracting(tensor.bytes)
    }
}
