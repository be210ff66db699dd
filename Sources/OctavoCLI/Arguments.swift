public import ArgumentParser
import Glibc
import OctavoBase
import OctavoCheckpoint
import OctavoHub
public import OctavoModel
public import OctavoPublisher
public import OctavoQuantizer

extension Scheme: ExpressibleByArgument {}
extension EmbeddingEncoding: ExpressibleByArgument {}
extension LayerException: ExpressibleByArgument {}
extension QuantizationTargets: ExpressibleByArgument {}
extension ConversionOptions.Target: ExpressibleByArgument {}

/// A type of tensors on the command line, in either case.
enum WeightType: String, CaseIterable, ExpressibleByArgument {
    case f16, bf16, f32
    case q8_0, q6_k, q4_k, q4_1, q4_0

    init?(argument: String) { self.init(rawValue: argument.lowercased()) }

    /// As safetensors has it; nil for blocks.
    var dtype: DType? {
        switch self {
        case .f16: .f16
        case .bf16: .bf16
        case .f32: .f32
        default: nil
        }
    }

    /// As GGUF has it.
    var ggml: GGMLType? { GGMLType.allCases.first { $0.name.lowercased() == rawValue } }
}

/// A number of bytes, written as in `5GB` or `500MB`, in powers of 1000 as hubs count.
struct ByteCount: ExpressibleByArgument, CustomStringConvertible {
    let bytes: Int

    /// As large as hubs like their files.
    static let fiveGigabytes = ByteCount(bytes: 5_000_000_000)

    var description: String { byteText(bytes) }

    init(bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let units = [
            ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000),
            ("B", 1),
        ]
        let text = argument.uppercased()
        for (unit, size) in units where text.hasSuffix(unit) {
            guard let count = Int(text.dropLast(unit.count)), count > 0 else { return nil }
            let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow else { return nil }
            self.bytes = bytes
            return
        }
        guard let bytes = Int(text), bytes > 0 else { return nil }
        self.bytes = bytes
    }
}

/// How many threads to compute on.
struct ThreadOptions: ParsableArguments {
    @Option(help: "Threads to compute on; by default one a processor.")
    var threads: Int?

    var count: Int { threads ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads), expected 1 to 1024")
        }
    }
}

/// The environment as a dictionary, for those who may not read it themselves.
func processEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
        let line = unsafe String(cString: text)
        if let equals = line.firstIndex(of: "=") {
            variables[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        unsafe entry += 1
    }
    return variables
}

/// A client of the hub that the environment names.
func hubClient() throws -> HubClient {
    HubClient(try HubConfiguration(environment: processEnvironment()))
}

/// Where a model is: on this machine, or in a repository.
enum ModelPlace {
    case path(String)
    case repository(RepositoryID, Revision)

    /// Reads a path or a repository, `hub:OWNER/NAME[@REVISION]`.
    ///
    /// Where `mayBeBare` says so, `OWNER/NAME[@REVISION]` that is no path here is a repository too.
    init(_ text: String, mayBeBare: Bool = false) throws {
        if text.hasPrefix("hub:") {
            let (id, revision) = try parseRepository(String(text.dropFirst(4)))
            self = .repository(id, revision)
        } else if mayBeBare, fileKind(text) == nil, text.split(separator: "/").count == 2,
            !text.hasPrefix("."), !text.hasPrefix("/")
        {
            let (id, revision) = try parseRepository(text)
            self = .repository(id, revision)
        } else {
            self = .path(text)
        }
    }

    /// The model's path on this machine; a repository is fetched into the cache first.
    func localPath(_ printer: ProgressPrinter) async throws -> String {
        switch self {
        case .path(let path): return path
        case .repository(let id, let revision):
            let client = try hubClient()
            // A folder for each commit: what a branch held before never mixes with what it holds now.
            let commit = try Revision(try await client.information(id, at: revision).commit)
            let folder = joined(
                joined(client.configuration.cacheDirectory, "octavo"),
                "\(id)@\(commit)".replacing("/", with: "--")
            )
            _ = try await client.download(
                repository: id,
                revision: commit,
                into: folder,
                progress: printer.transferHandler
            )
            return folder
        }
    }
}

/// Reads `OWNER/NAME[@REVISION]`.
func parseRepository(_ text: String) throws -> (RepositoryID, Revision) {
    guard let at = text.firstIndex(of: "@") else { return (try RepositoryID(text), .main) }
    return (
        try RepositoryID(String(text[..<at])), try Revision(String(text[text.index(after: at)...]))
    )
}

/// Opens the model that an argument names.
func openModel(_ argument: String, _ printer: ProgressPrinter) async throws -> OpenModel {
    let path = try await ModelPlace(argument).localPath(printer)
    return try await runBlocking { try OpenModel(path) }
}
