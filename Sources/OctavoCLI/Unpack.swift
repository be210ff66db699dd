import ArgumentParser
import OctavoBase
import OctavoContainer
import OctavoPublisher

struct Unpack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take the files out of a .aqlm file.",
        discussion: """
            They are those that were packed, byte for byte: each is compared with its digest.

            Example:
              octavo unpack folded.aqlm ./folded
            """
    )

    @Argument(help: "The .aqlm file.")
    var model: String

    @Argument(help: "The directory to make; it must not exist.")
    var output: String

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let path = try await ModelPlace(model).localPath(printer)
            guard path.hasSuffix(ContainerFile.suffix) else { throw ModelError.notPacked(path) }
            let (output, handler, threads) = (output, printer.handler, threads.count)
            // Whether what is in it makes a model does not matter here.
            let files = try await runBlocking {
                let container = try ContainerFile(MappedFile(path))
                return try unpack(container, to: output, threads: threads, progress: handler)
            }
            printer.finish()
            result.show(
                .object(["output": .string(output), "files": .array(files.map(JSON.string))]),
                text: "\(output): \(files.joined(separator: ", "))"
            )
        }
    }
}
