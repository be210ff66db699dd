import Foundation
import OctavoBase
import OctavoTestSupport
import Subprocess
import Testing

/// How a run of the binary ended, and what it said.
struct Finished: Sendable {
    /// The exit status; the negated number of the signal that ended the process, if one did.
    let status: Int32
    /// What went to standard output.
    let output: String
    /// What went to standard error.
    let notes: String

    /// The lines of standard error that name an error, in the form for people or for programs.
    var errors: [String] {
        notes.split(separator: "\n").map(String.init).filter { line in
            line.hasPrefix("error: ")
                || (try? JSON(parsing: Array(line.utf8)))?["event"] == "error"
        }
    }

    /// Standard error as events; a line that is none fails the test.
    func events(at location: SourceLocation = #_sourceLocation) throws -> [JSON] {
        try notes.split(separator: "\n").map { line in
            let event = try JSON(parsing: Array(line.utf8))
            _ = try #require(event["event"]?.string, "\(line)", sourceLocation: location)
            return event
        }
    }

    /// Standard output as one JSON document.
    func json() throws -> JSON { try JSON(parsing: Array(output.utf8)) }
}

/// An empty directory with a shell in it, which is also the home: nothing that the machine's user
/// has configured takes part.
struct Sandbox: Sendable {
    /// Where it is.
    let path: String

    /// The path of something in it.
    func callAsFunction(_ name: String) -> String { joined(path, name) }

    /// Runs `octavo` with arguments that hold no spaces, in the sandbox.
    ///
    /// - Parameters:
    ///   - arguments: Separated by spaces.
    ///   - more: Arguments that do hold spaces.
    ///   - environment: Variables beside those that every run has.
    ///   - prelude: Shell commands before it, each ending in a semicolon.
    /// - Returns: How it ended and what it said.
    /// - Throws: When it cannot be started.
    func run(
        _ arguments: String,
        more: [String] = [],
        environment: [String: String] = [:],
        prelude: String = ""
    ) async throws -> Finished {
        let result = try await Subprocess.run(
            .name("sh"),
            arguments: try command(arguments, more, prelude),
            environment: Self.environment(home: path, environment),
            output: .bytes(limit: 1 << 24),
            error: .bytes(limit: 1 << 24)
        )
        return Finished(
            status: Self.number(of: result.terminationStatus),
            output: String(decoding: result.standardOutput, as: UTF8.self),
            notes: String(decoding: result.standardError, as: UTF8.self)
        )
    }

    /// Runs `octavo` and demands that it succeeds.
    @discardableResult
    func succeed(
        _ arguments: String,
        more: [String] = [],
        environment: [String: String] = [:],
        at location: SourceLocation = #_sourceLocation
    ) async throws -> Finished {
        let finished = try await run(arguments, more: more, environment: environment)
        try #require(
            finished.status == 0,
            "octavo \(arguments)\n\(finished.notes)\(finished.output)",
            sourceLocation: location
        )
        return finished
    }

    /// Runs `octavo` and demands that it fails with one error, exit status 1 and no result.
    @discardableResult
    func fail(
        _ arguments: String,
        more: [String] = [],
        environment: [String: String] = [:],
        prelude: String = "",
        at location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let finished = try await run(
            arguments,
            more: more,
            environment: environment,
            prelude: prelude
        )
        #expect(finished.status == 1, "octavo \(arguments)", sourceLocation: location)
        #expect(finished.errors.count == 1, "\(finished.notes)", sourceLocation: location)
        #expect(finished.output.isEmpty, sourceLocation: location)
        return finished.notes
    }

    /// Runs `octavo` and kills it as soon as a file is there, or lets it end where none appears.
    ///
    /// The shell watches for the file: it is not held up by what the other tests compute.
    func run(_ arguments: String, killedOnce file: String) async throws {
        // What stands before would go to the background too, if this did not begin with a command: the shell
        // that watches would be somewhere else.
        let watch = """
            :; "$@" & process=$!
            until [ -e "\(file)" ] || [ ! -e /proc/$process/exe ]; do :; done
            kill -9 $process; wait $process; exit 0;
            """
        _ = try await run(arguments, prelude: watch)
    }

    /// The same with any file whose path begins like that, or else at its end.
    func run(_ arguments: String, killedOnceAny prefix: String) async throws {
        let watch = """
            :; "$@" & process=$!
            until ls "\(prefix)"* >/dev/null 2>&1 || [ ! -e /proc/$process/exe ]; do :; done
            kill -9 $process; wait $process; exit 0;
            """
        _ = try await run(arguments, prelude: watch)
    }

    /// Runs a shell's script in the sandbox, with the words that it calls `$1` and so on.
    func shell(_ script: String, _ words: String..., input: String = "") async throws -> (
        status: Int32, output: String, errors: String
    ) {
        let result = try await Subprocess.run(
            .name("sh"),
            arguments: Arguments(["-c", "cd \"$0\" && \(script)", path] + words),
            environment: Self.environment(home: path, [:]),
            input: .string(input),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        return (
            Self.number(of: result.terminationStatus), result.standardOutput,
            result.standardError
        )
    }

    /// Runs `octavo` and kills it after a while, or lets it end before; returns when it has ended.
    func kill(
        _ arguments: String,
        after milliseconds: Int,
        environment: [String: String] = [:]
    ) async throws {
        let seconds = Double(milliseconds) / 1000
        _ = try await run(
            arguments,
            environment: environment,
            prelude: ":; timeout --signal=KILL \(seconds) \"$@\"; exit 0;"
        )
    }

    /// Runs `octavo quantize` and lets the disk be full when its tensors are to be written: what is
    /// left is an unfinished quantization with all its blocks.
    func leaveUnfinished(_ arguments: String) async throws {
        // 16 KB are enough for a block of the small model, but not for its embedding.
        try await fail(arguments, prelude: fileLimit(blocks: 32))
    }

    /// What makes the shell limit the size of files, in blocks of 512 bytes, and ignore the signal that
    /// would otherwise end the process: a full disk sends none.
    func fileLimit(blocks: Int) -> String { "trap '' XFSZ; ulimit -f \(blocks);" }

    /// Runs `octavo hub serve` for as long as a body runs.
    ///
    /// - Parameters:
    ///   - options: What `hub serve` is given besides.
    ///   - body: Is given the environment with which the hub is used, by a user who may write
    ///     to repositories of the name `ada`.
    /// - Throws: What the body throws.
    func withHub(
        options: String = "",
        _ body: ([String: String]) async throws -> Void
    ) async throws {
        let token = try await succeed("hub token create --root hub --user ada --role write")
        let secret = token.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let result = try await Subprocess.run(
            .name("sh"),
            arguments: try command("hub serve --root hub --port 0 \(options)", [], ""),
            environment: Self.environment(home: path, [:]),
            input: .none,
            output: .sequence,
            error: .discarded
        ) { execution in
            var lines = execution.standardOutput.strings().makeAsyncIterator()
            do {
                let endpoint = try #require(try await lines.next())
                try await body(["HF_ENDPOINT": endpoint, "HF_TOKEN": secret])
            } catch {
                try? execution.send(signal: .kill)
                throw error
            }
            try execution.send(signal: .terminate)
            #expect(try await lines.next() == nil)
        }
        #expect(Self.number(of: result.terminationStatus) == 0)
    }

    /// A shell that goes into the sandbox and becomes the binary.
    private func command(_ arguments: String, _ more: [String], _ prelude: String) throws
        -> Arguments
    {
        Arguments(
            ["-c", "cd \"$1\" && shift && \(prelude) exec \"$@\"", "sh", path, try binary()]
                + arguments.split(separator: " ").map(String.init) + more
        )
    }

    private static func environment(home: String, _ more: [String: String]) -> Environment {
        let inherited = ProcessInfo.processInfo.environment
        var variables: [Environment.Key: String] = [:]
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            variables[Environment.Key(stringLiteral: name)] = inherited[name]
        }
        variables["HOME"] = home
        for (name, value) in more { variables[Environment.Key(stringLiteral: name)] = value }
        return .custom(variables)
    }

    private static func number(of status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): -signal
        }
    }
}

/// Runs a test's body in a sandbox of its own.
func withSandbox(_ body: (Sandbox) async throws -> Void) async throws {
    try await withTemporaryDirectory { try await body(Sandbox(path: $0)) }
}

/// The binary that was built with these tests: it lies beside the executable that runs them.
func binary() throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let path = joined(parent(of: tests), "octavo")
    try #require(fileKind(path) == .file, "there is no binary \(path); build the product octavo")
    return path
}
