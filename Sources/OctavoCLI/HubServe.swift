public import ArgumentParser
import OctavoBase
public import OctavoHubServer
import OctavoPublisher

extension HubSettings.PublicURL: ExpressibleByArgument {}

extension Hub {
    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve repositories from a directory, on this machine.",
            discussion: """
                Speaks the protocol of Hugging Face's hub over plain HTTP on the loopback interface. The \
                first line on standard output is the address, for HF_ENDPOINT; everything is kept below \
                the root and is there again after a restart. Ends on an interrupt.

                Other machines reach it through a proxy, which also does TLS: see docs/hub.md.

                Example:
                  octavo hub serve --root ./hub --port 8080
                """
        )

        @Option(help: "The directory that holds the repositories; made if it is not there.")
        var root: String

        @Option(help: "The port; 0 takes a free one.")
        var port: UInt16 = 8080

        @Option(help: "The port for the contents of large files; 0 takes a free one.")
        var contentPort: UInt16 = 0

        @Option(help: "How long the parts are in which clients send large files.")
        var partSize = ByteCount(bytes: 64_000_000)

        @OptionGroup(title: "Limits")
        var limits: HubLimits

        @OptionGroup(title: "Behind a proxy")
        var proxy: HubProxy

        func run() async throws {
            try await reporting { printer in
                var settings = HubSettings()
                settings.partSize = partSize.bytes
                settings.limits = limits.limits
                settings.publicURL = proxy.publicUrl
                settings.contentPublicURL = proxy.contentPublicUrl
                settings.isBehindProxy = proxy.behindProxy
                let server = try await HubServer.start(
                    root: root,
                    port: port,
                    contentPort: contentPort,
                    settings: settings
                )
                print(settings.publicURL?.description ?? server.endpoint)
                flushOutput()
                printer.note(
                    "serving \(root) at \(server.endpoint), contents at \(server.contentEndpoint); end with an interrupt"
                )
                await interruption()
                await server.stop()
            }
        }
    }
}

/// What a hub refuses.
struct HubLimits: ParsableArguments {
    @Option(help: "The largest file, as in 50GB; any if not given.")
    var largestFile: ByteCount?

    @Option(help: "How much the repositories of one owner may hold; any amount if not given.")
    var quota: ByteCount?

    @Option(help: "The most operations of one commit.")
    var maxOperations = HubSettings.Limits().operationsPerCommit

    @Option(
        help:
            "The most requests of a user, or of an address without a token, in 5 minutes; any if not given."
    )
    var maxRequests: Int?

    /// As the server takes them.
    var limits: HubSettings.Limits {
        var limits = HubSettings.Limits()
        limits.largestFile = largestFile?.bytes
        limits.bytesPerOwner = quota?.bytes
        limits.operationsPerCommit = maxOperations
        limits.requests = maxRequests
        return limits
    }

    func validate() throws {
        guard maxOperations > 0 else {
            throw ValidationError("--max-operations \(maxOperations): expected at least 1")
        }
        if let maxRequests, maxRequests < 1 {
            throw ValidationError("--max-requests \(maxRequests): expected at least 1")
        }
    }
}

/// Where clients find a hub that they cannot reach itself.
struct HubProxy: ParsableArguments {
    @Option(help: "The URL at which clients reach the hub, as in https://hub.example.org.")
    var publicUrl: HubSettings.PublicURL?

    @Option(
        help:
            "The URL at which clients reach the port for contents; /_content below the public URL if not given."
    )
    var contentPublicUrl: HubSettings.PublicURL?

    @Flag(
        help:
            "Believe the forwarded headers of a proxy: only where nobody can reach the hub otherwise."
    )
    var behindProxy = false
}
