public import OctavoBase
import OctavoContainer

/// What a container is, beside the model that it holds.
public struct ContainerFacts: Sendable, Equatable {
    /// The content id, which stands for every byte of it.
    public let id: Digest
    /// Its length in bytes.
    public let size: Int
    /// The bytes of all files in it.
    public let contentSize: Int
    /// The files in it, in their order.
    public let files: [ModelInspection.FileSize]
    /// What is stored in each encoding, by its name; sorted.
    public let encodings: [Encoding]

    /// What is stored in one encoding.
    public struct Encoding: Sendable, Equatable {
        /// Its name in the format.
        public let name: String
        /// How many parts.
        public let parts: Int
        /// The bytes that they are stored in.
        public let stored: Int
        /// The bytes that they are.
        public let bytes: Int
    }

    init(_ container: ContainedFiles) {
        id = container.id
        size = container.length
        files = container.header.files.map { .init(name: $0.path, bytes: $0.size) }
        contentSize = files.reduce(0) { $0 + $1.bytes }
        let parts = Dictionary(
            grouping: container.header.files.flatMap(\.parts),
            by: \.encoding.name
        )
        encodings = parts.keys.sorted().map { name in
            let parts = parts[name] ?? []
            return Encoding(
                name: name,
                parts: parts.count,
                stored: parts.reduce(0) { $0 + $1.stored.count },
                bytes: parts.reduce(0) { $0 + $1.size }
            )
        }
    }
}
