import ArgumentParser
import OctavoBase
import OctavoPublisher

struct Sign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a model's directory with a key.",
        discussion: """
            Writes model.sig, an OpenSSF Model Signing v1.0 bundle with the SHA-256 of every file, which \
            `octavo verify --key` and PyPI's `model_signing verify key` check. Sign last: README.md is signed too. \
            What git and hubs rewrite (.git, .gitattributes, .github, .gitignore, .cache) is left out. A signature of \
            the same files by the same key is left as it is.

            Examples:
              octavo sign ./folded --key signing.pem
              octavo sign ./folded --key signing.pem --ignore README.md
            """
    )

    @Argument(help: "The directory.")
    var directory: String

    @Option(help: "The private key, a PEM file; `octavo key create` makes one.")
    var key: String

    @Option(
        help: ArgumentHelp(
            "A path in the directory to leave out; may be repeated.",
            valueName: "path"
        )
    )
    var ignore: [String] = []

    @Option(help: "What the model is called in the signature; by default the directory's name.")
    var name: String?

    @OptionGroup
    var passphrase: PassphraseOptions
    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let key = try passphrase.signingKey(key, printer)
            let (arguments, handler) = (self, printer.handler)
            let signature = try await runBlocking {
                try signModel(
                    arguments.directory,
                    with: key,
                    name: arguments.name,
                    ignoring: arguments.ignore,
                    progress: handler
                )
            }
            printer.finish()
            let path = joined(directory, SignatureBundle.fileName)
            let count = signature.statement.files.count
            result.show(
                .object([
                    "signature": .string(path), "fingerprint": .string(signature.fingerprint),
                    "name": .string(signature.statement.name), "files": .integer(count),
                    "was_there": .bool(signature.wasThere),
                ]),
                text: """
                    \(path): \(count) files\(signature.wasThere ? ", signed before and unchanged" : "")
                    fingerprint \(signature.fingerprint)
                    """
            )
        }
    }
}
