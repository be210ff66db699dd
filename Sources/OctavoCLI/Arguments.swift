public import ArgumentParser
import Glibc
import OctavoBase
import OctavoCheckpoint
public import OctavoModel
public import OctavoPublisher
public import OctavoQuantizer

extension Scheme: ExpressibleByArgument {}
extension EmbeddingEncoding: ExpressibleByArgument {}
extension LayerException: ExpressibleByArgument {}
extension QuantizationTargets: ExpressibleByArgument {}
extension QuantizationEngine: ExpressibleByArgument {}
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
