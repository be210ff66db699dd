import ArgumentParser
import OctavoBase
import OctavoContainer
import OctavoPublisher

struct Pack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put all files of a model into one smaller file, without loss.",
        discussion: """
            Short for `octavo convert --to aqlm`. `octavo unpack` gives the files back, byte for byte; \
            everything that reads a model reads a .aqlm file as well. With - for OUTPUT the file goes to \
            standard output.

            Examples:
              octavo pack ./folded folded.aqlm
              octavo pack ./folded - | ssh host 'cat > folded.aqlm'
              octavo pack ./folded folded.aqlm --mapped
            """
    )

    @Argument(help: "The model to pack.")
    var model: String

    @Argument(help: "The .aqlm file to make, which must not exist; - for standard output.")
    var output: String

    @Flag(
        help: """
            Store tensors as they are run: the file is larger, and is mapped where it is run, not decoded. \
            `octavo unpack` gives the same files back.
            """
    )
    var mapped = false

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard output == "-" || output.hasSuffix(ContainerFile.suffix) else {
            throw ValidationError("end the name of the output in .aqlm, or write it to -")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let source = try await openModel(model, printer)
            let options = ConversionOptions(
                target: .aqlm,
                isMapped: mapped,
                threads: threads.count
            )
            let (output, handler) = (output, printer.handler)
            let environment = processEnvironment()
            let summary = try await runBlocking {
                output == "-"
                    ? try pack(
                        source,
                        toDescriptor: 1,
                        by: environment["TMPDIR"] ?? "/tmp",
                        options,
                        progress: handler
                    ) : try pack(source, to: output, options, progress: handler)
            }
            printer.finish()
            guard output != "-" else { return }
            result.show(json(summary), text: text(summary))
        }
    }

    private func json(_ summary: ContainerSummary) -> JSON {
        var encodings = JSONObject()
        for (name, bytes) in summary.storedBytes.sorted(by: { $0.key < $1.key }) {
            encodings[name] = .integer(bytes)
        }
        return .object([
            "output": .string(output), "id": .string(summary.id.hex),
            "size": .integer(summary.size), "content_size": .integer(summary.contentSize),
            "stored": .object(encodings),
        ])
    }

    private func text(_ summary: ContainerSummary) -> String {
        let stored = summary.storedBytes.sorted { $0.key < $1.key }
            .map { "\(byteText($0.value)) as \($0.key)" }
        let share = 100 * Double(summary.size) / Double(max(1, summary.contentSize))
        return "\(output): \(byteText(summary.size)), \(decimal(share, digits: 1)) % of "
            + "\(byteText(summary.contentSize)): \(stored.joined(separator: ", "))\n"
            + "content id \(summary.id)"
    }
}
