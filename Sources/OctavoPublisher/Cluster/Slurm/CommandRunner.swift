import Foundation

/// Runs other programs, with arguments as they are: no shell reads them.
public struct CommandRunner: Sendable {
    /// What a program said, and how it ended.
    public struct Answer: Sendable {
        /// Its exit status; 127 where there is no such program.
        public var status: Int32
        /// What it wrote to standard output.
        public var output: String
        /// What it wrote to standard error.
        public var errors: String

        /// Describes an answer.
        public init(status: Int32, output: String = "", errors: String = "") {
            self.status = status
            self.output = output
            self.errors = errors
        }
    }

    /// Runs a program, the first word, which is looked up in `PATH`; blocks until it has ended.
    public var run: @Sendable (_ words: [String]) throws -> Answer

    /// Runs programs by a function of one's own.
    public init(_ run: @escaping @Sendable ([String]) throws -> Answer) { self.run = run }

    /// Runs programs of this machine.
    public static let system = CommandRunner { words in
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["--"] + words
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Both are read at once: a program that fills one pipe would wait for the other.
        let said = ErrorReader(errors.fileHandleForReading)
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = said.finish()
        process.waitUntilExit()
        return Answer(
            status: process.terminationStatus,
            output: String(decoding: bytes, as: UTF8.self),
            errors: complaint
        )
    }
}

/// Reads a pipe on a thread of its own.
private final class ErrorReader: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    // Written before the semaphore is signalled, read after it.
    private var text = ""

    init(_ handle: FileHandle) {
        let thread = Thread { [self] in
            text = String(decoding: handle.readDataToEndOfFile(), as: UTF8.self)
            done.signal()
        }
        thread.start()
    }

    func finish() -> String {
        done.wait()
        return text
    }
}
