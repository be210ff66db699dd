public import ArgumentParser
public import OctavoBase
import OctavoPublisher

struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make keys that sign models, and tell which one a file holds.",
        discussion: """
            A key is known by its fingerprint: the SHA-256 of its public half, as \
            `openssl pkey -in KEY.pem -pubout | sha256sum` prints it. Publish the fingerprint where your readers \
            find it and an attacker of the hub does not.

            Examples:
              octavo key create signing.pem --encrypted
              octavo key show signing.pub.pem
            """,
        subcommands: [Create.self, Show.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key: KEY.pem for you alone, KEY.pub.pem for everybody.",
            discussion: """
                Neither file may be there already. With --encrypted, KEY.pem is PKCS #8 under AES-256, and the \
                passphrase is asked for twice on the terminal, or read from --passphrase-file; it is never taken \
                from the command line or the environment, where others can see it.

                The same with OpenSSL: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out KEY.pem

                Examples:
                  octavo key create signing.pem --encrypted
                  octavo key create signing.pem --curve P-384
                """
        )

        @Argument(help: "The private key's file, ending in .pem.")
        var path: String

        @Option(help: "P-256, P-384 or P-521.")
        var curve: EllipticCurve = .p256

        @Flag(help: "Encrypt the private key with a passphrase.")
        var encrypted = false

        @OptionGroup
        var passphrase: PassphraseOptions
        @OptionGroup
        var result: OutputOptions

        func validate() throws {
            guard path.utf8.count > 4, path.hasSuffix(".pem") else {
                throw ValidationError("\"\(path)\" does not end in .pem")
            }
            guard encrypted || passphrase.passphraseFile == nil else {
                throw ValidationError("--passphrase-file goes with --encrypted")
            }
        }

        func run() async throws {
            try await reporting(as: result) { printer in
                let publicPath = String(path.dropLast(4)) + ".pub.pem"
                let taken = [path, publicPath].first { isLink($0) || fileKind($0) != nil }
                if let taken { throw KeyFileError.exists(taken) }
                let secret = encrypted ? try passphrase.newPassphrase() : nil
                let key = try PrivateKey(new: curve)
                try writeNewFile(try key.pem(passphrase: secret), to: path, mode: 0o600)
                try writeNewFile(
                    Array(key.publicKey.pem.utf8),
                    to: publicPath,
                    mode: 0o644
                )
                let fingerprint = key.publicKey.fingerprint.hex
                result.show(
                    .object([
                        "private_key": .string(path), "public_key": .string(publicPath),
                        "curve": .string(curve.rawValue), "fingerprint": .string(fingerprint),
                        "encrypted": .bool(encrypted),
                    ]),
                    text: """
                        \(path)  private, for you alone\(encrypted ? "" : ", not encrypted")
                        \(publicPath)  public, for everybody
                        fingerprint \(fingerprint)
                        """
                )
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell a key's curve and fingerprint.",
            discussion: """
                Of an encrypted key the passphrase is asked for; its public half needs none.

                Example:
                  octavo key show signing.pub.pem --json
                """
        )

        @Argument(help: "A PEM file with a private or a public key.")
        var path: String

        @OptionGroup
        var passphrase: PassphraseOptions
        @OptionGroup
        var result: OutputOptions

        func run() async throws {
            try await reporting(as: result) { printer in
                let (key, isPrivate) = try publicHalf(printer)
                result.show(
                    .object([
                        "path": .string(path), "private": .bool(isPrivate),
                        "curve": .string(key.curve.rawValue),
                        "fingerprint": .string(key.fingerprint.hex), "public_key": .string(key.pem),
                    ]),
                    text: """
                        \(isPrivate ? "private" : "public") key on \(key.curve.rawValue)
                        fingerprint \(key.fingerprint)
                        """
                )
            }
        }

        private func publicHalf(_ printer: ProgressPrinter) throws -> (PublicKey, Bool) {
            do { return (try TrustedKey(path: path).key, false) } catch SigningError.key(
                _,
                .isPrivate
            ) {
                return (try passphrase.signingKey(path, printer).publicKey, true)
            }
        }
    }
}

extension EllipticCurve: ExpressibleByArgument {
    /// Reads a curve's name in either case, with its hyphen or without.
    public init?(argument: String) {
        func plain(_ name: String) -> String { name.uppercased().replacing("-", with: "") }
        guard let curve = Self.allCases.first(where: { plain($0.rawValue) == plain(argument) })
        else { return nil }
        self = curve
    }
}

/// Why the files of a key cannot be written.
enum KeyFileError: Error, CustomStringConvertible {
    /// There is something of that name.
    case exists(String)

    /// As a sentence.
    var description: String {
        switch self {
        case .exists(let path): "\(path) is there already; a key is never replaced"
        }
    }
}
