internal import OctavoBase
internal import Synchronization

/// Where the bytes of a request's body go.
protocol ByteSink: Sendable {
    func write(_ bytes: [UInt8]) throws
}

/// A file that is hashed while it is written; dropped before `commit`, it leaves nothing.
final class HashedFile: Sendable {
    private struct State: ~Copyable {
        var file: AtomicFile?
        let hasher = ContentHasher(.sha256)
        var count = 0
    }

    private let state: Mutex<State>

    init(_ file: consuming sending AtomicFile) { state = Mutex(State(file: file)) }

    /// How many bytes were written.
    var count: Int { state.withLock { $0.count } }

    func write(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            try state.file?.write(bytes)
            state.hasher.update(bytes)
            state.count += bytes.count
        }
    }

    /// The SHA-256 of all bytes; nothing may be written after it was asked for.
    func hash() -> Digest { state.withLock { Digest(finishing: $0.hasher) } }

    /// Gives the file its name.
    func commit() throws {
        try state.withLock { state in
            guard let file = state.file.take() else { return }
            try file.commit()
        }
    }
}
