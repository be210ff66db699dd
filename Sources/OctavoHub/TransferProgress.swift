internal import Synchronization

/// How far a transfer of files has come.
public struct TransferProgress: Sendable, Equatable {
    /// What is being done.
    public enum Phase: String, Sendable {
        /// Local files are read and hashed.
        case hashing
        /// Bytes go to the hub.
        case uploading
        /// A commit is made.
        case committing
        /// Files that are here already are hashed.
        case checking
        /// Bytes come from the hub.
        case downloading
    }

    /// What is being done.
    public let phase: Phase
    /// The file that went on; empty for a commit.
    public let path: String
    /// How many bytes of the file are done.
    public let completedBytes: Int
    /// How many it has.
    public let totalBytes: Int
    /// All files of this phase together.
    public let overall: Overall

    /// What is done of all files of a phase.
    public struct Overall: Sendable, Equatable {
        /// How many bytes are done.
        public internal(set) var completedBytes: Int
        /// How many there are.
        public let totalBytes: Int
        /// How many files are done.
        public internal(set) var completedFiles: Int
        /// How many there are.
        public let files: Int
    }
}

/// Counts what many files at a time have got, for whoever watches.
final class TransferLedger: Sendable {
    private struct State {
        var overall: TransferProgress.Overall
        var counts: [String: Int] = [:]
    }

    private let phase: TransferProgress.Phase
    private let report: @Sendable (TransferProgress) -> Void
    private let state: Mutex<State>

    /// Begins a phase, of which nothing is done.
    init(
        _ phase: TransferProgress.Phase,
        files: Int,
        bytes: Int,
        _ report: @escaping @Sendable (TransferProgress) -> Void
    ) {
        self.phase = phase
        self.report = report
        let overall = TransferProgress.Overall(
            completedBytes: 0,
            totalBytes: bytes,
            completedFiles: 0,
            files: files
        )
        state = Mutex(State(overall: overall))
    }

    /// Says how many bytes of a file are done; a file that begins anew has fewer than before.
    func note(_ path: String, _ count: Int, of size: Int) {
        tell(path, count, of: size) { state in
            state.overall.completedBytes += count - (state.counts[path] ?? 0)
            state.counts[path] = count
        }
    }

    /// Says that a file is done.
    func finish(_ path: String, of size: Int) {
        tell(path, size, of: size) { state in
            state.overall.completedBytes += size - (state.counts.removeValue(forKey: path) ?? 0)
            state.overall.completedFiles += 1
        }
    }

    private func tell(_ path: String, _ count: Int, of size: Int, _ change: (inout State) -> Void) {
        // Told in order, so that nobody sees the work go back.
        state.withLock { state in
            change(&state)
            report(
                TransferProgress(
                    phase: phase,
                    path: path,
                    completedBytes: count,
                    totalBytes: size,
                    overall: state.overall
                )
            )
        }
    }
}
