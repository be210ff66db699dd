import OctavoBase
import Synchronization

/// The folder in which a manifest is carried out, and what is known of what is in it.
///
/// `state.json` says of each stage by what inputs it was made and which files came of it. It is written whole
/// after every change, so a process that is killed leaves a state that is true: a stage counts as done only
/// once its files are.
final class Workspace: Sendable {
    /// The folder.
    let path: String
    private let lock: DirectoryLock?
    private let state: Mutex<State>

    /// What is known of a stage.
    struct Made: Sendable, Equatable {
        /// The digest of all that it was made from.
        var inputs: String
        /// What came of it.
        var files: [MadeFile] = []
        /// What else is worth keeping, by the stage's own rules.
        var facts = JSON.object(JSONObject())
        /// How long it took, in seconds of the clock and of the processor.
        var seconds = 0.0
        var cpuSeconds = 0.0
    }

    /// A file as a stage made it.
    struct MadeFile: Sendable, Equatable {
        /// Its path in the folder; of the original, anywhere.
        var path: String
        var digest: Digest
        /// Length, inode and the time of the last change of contents.
        var stamp: [Int]
    }

    private struct State {
        var begun: [String: String] = [:]
        var made: [String: Made] = [:]
    }

    private static let stateFile = "state.json"
    private static let format = "octavo-publishing/1"

    /// Takes a folder, and has it alone.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - isMade: Whether it is made if it is not there; otherwise it is only looked at.
    /// - Throws: ``PublishingError/inUse(_:)``, ``PublishingError/damagedState(_:)``, `FileError`.
    init(_ path: String, isMade: Bool) throws {
        self.path = path
        guard isMade || fileKind(path) != nil else {
            lock = nil
            state = Mutex(State())
            return
        }
        try makeDirectory(path)
        do { lock = try DirectoryLock(path, file: ".octavo-lock") } catch {
            throw error.isHeldElsewhere ? PublishingError.inUse(path) : error
        }
        let file = joined(path, Self.stateFile)
        guard fileKind(file) == .file else {
            state = Mutex(State())
            return
        }
        guard let json = try? JSON(parsing: readFile(file, limit: 100_000_000)),
            let state = Self.state(json)
        else { throw PublishingError.damagedState(file) }
        self.state = Mutex(state)
    }

    /// A path in the folder.
    func place(_ name: String) -> String { joined(path, name) }

    /// What is known of a stage that was carried out to its end.
    func made(_ stage: PublishingStage) -> Made? { state.withLock { $0.made["\(stage)"] } }

    /// The inputs by which a stage was last begun.
    func begun(_ stage: PublishingStage) -> String? { state.withLock { $0.begun["\(stage)"] } }

    /// Notes that a stage is begun: what was made by it before is no longer what it says.
    func begin(_ stage: PublishingStage, _ inputs: String) throws {
        try change {
            $0.begun["\(stage)"] = inputs
            $0.made["\(stage)"] = nil
        }
    }

    /// Notes that a stage is done.
    func finish(_ stage: PublishingStage, _ made: Made) throws {
        try change {
            $0.begun["\(stage)"] = nil
            $0.made["\(stage)"] = made
        }
    }

    private func change(_ body: (inout sending State) -> Void) throws {
        let text = state.withLock { state in
            body(&state)
            return Self.json(state).text(.pretty)
        }
        try AtomicFile.write(text, to: place(Self.stateFile), mode: 0o600)
    }
}

extension Workspace {
    /// Describes a file as it is now.
    func describe(_ file: String) throws -> MadeFile {
        let location = location(file)
        return MadeFile(
            path: file,
            digest: try MappedFile(location).digest(),
            stamp: try Self.stamp(location)
        )
    }

    /// Whether a file is as it was made: untouched, or the same bytes again.
    func isUnchanged(_ file: MadeFile) -> Bool {
        let location = location(file.path)
        guard let stamp = try? Self.stamp(location) else { return false }
        return stamp == file.stamp || (try? MappedFile(location).digest()) == file.digest
    }

    private func location(_ file: String) -> String { file.hasPrefix("/") ? file : place(file) }

    /// Not when anything about it changed: a second name for it does that too.
    private static func stamp(_ path: String) throws(FileError) -> [Int] {
        let stamp = try FileStamp(path)
        return [stamp.size, stamp.inode, stamp.modified]
    }

    private static func json(_ state: borrowing State) -> JSON {
        var begun = JSONObject()
        for (stage, inputs) in state.begun.sorted(by: { $0.key < $1.key }) {
            begun[stage] = .string(inputs)
        }
        var made = JSONObject()
        for (stage, entry) in state.made.sorted(by: { $0.key < $1.key }) {
            made[stage] = .object([
                "inputs": .string(entry.inputs), "facts": entry.facts,
                "seconds": .number(entry.seconds), "cpu_seconds": .number(entry.cpuSeconds),
                "files": .array(
                    entry.files.map {
                        .object([
                            "path": .string($0.path), "sha256": .string($0.digest.hex),
                            "stamp": .array($0.stamp.map(JSON.integer)),
                        ])
                    }
                ),
            ])
        }
        return .object([
            "format": .string(format), "begun": .object(begun), "made": .object(made),
        ])
    }

    private static func state(_ json: JSON) -> State? {
        guard json["format"]?.string == format, let begun = json["begun"]?.object,
            let made = json["made"]?.object
        else { return nil }
        var state = State()
        for (stage, inputs) in begun { state.begun[stage] = inputs.string }
        for (stage, entry) in made {
            guard let inputs = entry["inputs"]?.string, let files = entry["files"]?.array,
                let facts = entry["facts"], let seconds = entry["seconds"]?.number,
                let cpuSeconds = entry["cpu_seconds"]?.number
            else { return nil }
            var kept = Made(inputs: inputs, facts: facts, seconds: seconds, cpuSeconds: cpuSeconds)
            for file in files {
                guard let path = file["path"]?.string,
                    let digest = file["sha256"]?.string.flatMap(Digest.init(hex:)),
                    let stamp = file["stamp"]?.array?.compactMap(\.integer)
                else { return nil }
                kept.files.append(MadeFile(path: path, digest: digest, stamp: stamp))
            }
            state.made[stage] = kept
        }
        return state
    }
}
