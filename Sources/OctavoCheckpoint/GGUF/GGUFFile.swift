public import OctavoBase

/// A GGUF file: its metadata, and tensors whose bytes are fetched as they are touched.
///
/// What is accepted is in formats/gguf.md.
public struct GGUFFile: Sendable {
    /// The file, mapped.
    public let file: MappedFile
    /// Its metadata.
    public let metadata: GGUFMetadata
    /// Its tensors, in the order of the file.
    public let tensors: [GGUFTensor]

    /// Reads and checks all but the tensors' values.
    ///
    /// - Throws: The first rule that the file breaks.
    public init(_ file: MappedFile) throws(GGUFError) {
        let header = try GGUFHeader(file.bytes)
        self.file = file
        metadata = header.metadata
        tensors = header.tensors
    }

    /// The stored bytes of a tensor of this file.
    @_lifetime(borrow self)
    public func bytes(of tensor: GGUFTensor) -> RawSpan {
        file.bytes.extracting(tensor.bytes)
    }
}
