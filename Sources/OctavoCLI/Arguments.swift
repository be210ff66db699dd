public import ArgumentParser
import Glibc
import OctavoBase
import OctavoCheckpoint
public import OctavoModel
public import OctavoNumerics
public import OctavoPublisher
public import OctavoQuantizer

extension Scheme: ExpressibleByArgument {}
extension EmbeddingEncoding: ExpressibleByArgument {}
extension LayerException: ExpressibleByArgument {}
extension QuantizationTargets: ExpressibleByArgument {}
extension ProductPrecision: ExpressibleByArgument {}
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

/// How exactly products of texts with weights are computed.
struct PrecisionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            How products of text with weights are computed: single, in float; bfloat16, of operands rounded to it \
            with sums in float, which is about twice as fast. The default is bfloat16 where the processor \
            multiplies it (AVX512_BF16), else single, which is then what bfloat16 means too.
            """,
            valueName: "precision"
        )
    )
    var precision: ProductPrecision?

    /// What is asked for, or what is fastest.
    var chosen: ProductPrecision { precision ?? .fastest }
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
