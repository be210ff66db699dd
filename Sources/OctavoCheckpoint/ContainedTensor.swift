public import OctavoBase

/// The bytes of a tensor that a container holds in some encoding.
public protocol EncodedTensor: Sendable {
    /// Decodes them a piece at a time, in order, pieces being whole elements.
    ///
    /// - Throws: What the function throws; why they do not decode, or, after the last piece, that they are not
    ///   those that they should be.
    func forEachPiece(_ body: ([UInt8]) throws -> Void) throws
    /// Decodes some of them; whether they are those that they should be, going through all of them tells.
    func bytes(_ range: Range<Int>) throws -> [UInt8]
    /// Their bytes where they are mapped, with the first of three dimensions last; nil where they are not so.
    var mappedColumns: SharedBytes? { get }
}

/// A side file that a container holds in some encoding.
public final class EncodedFile: Sendable, Hashable {
    /// How many bytes it has.
    public let size: Int
    /// Decodes it.
    public let bytes: @Sendable () throws -> [UInt8]

    /// Takes what decodes it.
    public init(size: Int, _ bytes: @escaping @Sendable () throws -> [UInt8]) {
        self.size = size
        self.bytes = bytes
    }

    /// Each is like none but itself.
    public static func == (a: EncodedFile, b: EncodedFile) -> Bool { a === b }

    /// Hashes which one it is.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension Checkpoint {
    /// Takes what a container holds: of a format that this module does not know.
    ///
    /// - Parameters:
    ///   - path: Where the container is.
    ///   - tensors: Its tensors, file by file.
    ///   - config: What its config.json says; an empty object if it has none.
    ///   - sideFiles: What else belongs to the model.
    ///   - size: The length of the container in bytes.
    public init(
        container path: String,
        tensors: [CheckpointTensor],
        config: JSON,
        sideFiles: [SideFile],
        size: Int
    ) {
        self.init(
            .container,
            path,
            tensors: withOneEmbedding(tensors, config: config),
            config: config,
            sideFiles: sideFiles,
            sources: [SourceFile(path: path, size: size)]
        )
    }
}
