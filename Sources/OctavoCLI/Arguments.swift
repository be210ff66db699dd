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

extension WeightType: ExpressibleByArgument {
    /// In either case.
    public init?(argument: String) { self.init(rawValue: argument.lowercased()) }
}

extension ByteCount: ExpressibleByArgument {
    /// As in `5GB`.
    public init?(argument: String) { self.init(argument) }
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
