import ArgumentParser
import OctavoBase
import OctavoHub
import OctavoPublisher

/// How a verb speaks to a hub.
struct HubOptions: ParsableArguments {
    @Option(
        help: "A token that `hf auth login` has stored, by its name, instead of the one in use."
    )
    var tokenName: String?

    @Flag(help: "Tell each request on standard error, without what is secret; as HF_DEBUG=1 does.")
    var debug = false
}

/// A client of the hub that the environment names.
///
/// - Parameters:
///   - printer: Shows what the user should know: that the hub asks to wait, and with `HF_DEBUG` every request.
///   - options: What the command line says.
/// - Returns: The client.
/// - Throws: `HubError` for an endpoint or a token that cannot be used.
func hubClient(_ printer: ProgressPrinter, _ options: HubOptions? = nil) throws -> HubClient {
    let environment = processEnvironment()
    let configuration = try HubConfiguration(
        environment: environment,
        tokenName: options?.tokenName
    )
    let transport = CurlTransport(
        userAgent: "octavo/\(octavoVersion)",
        certificates: configuration.certificates
    )
    let isDebugging = options?.debug ?? false || ["1", "true"].contains(environment["HF_DEBUG"])
    return HubClient(
        configuration,
        transport: isDebugging
            ? LoggingTransport(transport) { printer.note("debug: \($0)") } : transport,
        retry: RetryPolicy(onWait: { wait in
            // Shorter ones are over before anybody has read of them.
            guard wait.seconds >= 2 else { return }
            printer.note(
                "\(wait.reason); try \(wait.attempt) of \(wait.attempts) in \(durationText(wait.seconds.rounded(.up)))"
            )
        })
    )
}
