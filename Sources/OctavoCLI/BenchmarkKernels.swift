import ArgumentParser
import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoPublisher

struct BenchmarkKernels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Time products with coded layers against dense ones and against memory.",
        discussion: """
            Layers are made up, and so many of each that their codes come from memory, as they do in a \
            model. A product is that of one vector, or of --rows. It is compared with the same product \
            of single-precision weights by OpenBLAS on the same threads, and the bytes it reads (codes, \
            codebooks, scales) with what a plain reading of memory reaches in the same run. The error is \
            that of the whole output against weights formed in single precision, as a share of its norm.

            Examples:
              octavo benchmark kernels --threads 1
              octavo benchmark kernels --shape 11008x4096 --scheme 2x8g8 --json
              octavo benchmark kernels --shape 1536x576 --scheme 2x8g8 --rows 512
            """
    )

    @Option(help: "Outputs x inputs of a layer, as in 4096x4096; may be given several times.")
    var shape: [String] = ["4096x4096", "11008x4096"]

    @Option(help: "Codebooks x bits g group size, as in 2x8g8; may be given several times.")
    var scheme: [Scheme] = BenchmarkKernels.usual

    @Option(help: "How many vectors go through at a time.")
    var rows = 1

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    /// Schemes that are published.
    private static let usual = ["2x8g8", "1x8g8", "4x8g16", "1x16g8"].compactMap(Scheme.init)

    func validate() throws {
        guard 1...4096 ~= rows else {
            throw ValidationError("--rows is \(rows), expected 1 to 4096")
        }
        _ = try shapes()
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let measured = try await runBlocking { [self] in try measure(printer) }
            result.show(
                .object([
                    "threads": .integer(threads.count), "rows": .integer(rows),
                    "kernels": .string("\(kernelNames), lookup \(LookupKernel.best)"),
                    "memory_bytes_per_second": .number(measured.memory),
                    "products": .array(measured.products.map(\.json)),
                ]),
                text: text(measured)
            )
        }
    }

    private func measure(
        _ printer: ProgressPrinter
    ) throws -> (memory: Double, products: [KernelMeasurement]) {
        let memory = memoryRate(threads: threads.count)
        var products: [KernelMeasurement] = []
        for (outputs, inputs) in try shapes() {
            let dense = KernelMeasurement.denseTime(
                outputs: outputs,
                inputs: inputs,
                rows: rows,
                threads: threads.count
            )
            for scheme in scheme {
                guard inputs % scheme.groupSize == 0 else {
                    printer.note("\(scheme) does not divide \(inputs) inputs, left out")
                    continue
                }
                products.append(
                    try KernelMeasurement(
                        scheme,
                        outputs: outputs,
                        inputs: inputs,
                        rows: rows,
                        threads: threads.count,
                        denseSeconds: dense,
                        memoryRate: memory
                    )
                )
            }
        }
        return (memory, products)
    }

    private func shapes() throws -> [(Int, Int)] {
        try shape.map { text in
            let parts = text.split(separator: "x", omittingEmptySubsequences: false)
                .map { Int($0) ?? 0 }
            guard parts.count == 2, parts.allSatisfy({ 1...65536 ~= $0 }) else {
                throw ValidationError(
                    "--shape is \(text), expected OUTPUTSxINPUTS, each 1 to 65536"
                )
            }
            return (parts[0], parts[1])
        }
    }

    private func text(_ measured: (memory: Double, products: [KernelMeasurement])) -> String {
        var table = TextTable([
            "layer", "scheme", "ms", "GB/s", "of memory %", "dense ms", "times", "error",
        ])
        for product in measured.products {
            table.add(
                "\(product.outputs)x\(product.inputs)",
                "\(product.scheme)",
                decimal(1000 * product.seconds, digits: 3),
                decimal(product.bytesPerSecond / 1e9, digits: 2),
                decimal(100 * product.shareOfMemory, digits: 0),
                decimal(1000 * product.denseSeconds, digits: 3),
                decimal(product.denseSeconds / product.seconds, digits: 1),
                decimal(1e4 * product.error, digits: 1) + "e-4"
            )
        }
        return table.text
            + "memory is read at \(decimal(measured.memory / 1e9, digits: 1)) GB/s by \(threads.count) "
            + "thread\(threads.count == 1 ? "" : "s"); \(kernelNames), lookup \(LookupKernel.best)\n"
    }
}
