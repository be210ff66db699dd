import ArgumentParser
import Glibc
import OctavoBase
import OctavoPublisher

/// Where the passphrase of a key comes from: a file, or whoever is at the terminal.
///
/// Not the command line and not the environment: other processes of the machine can read both.
struct PassphraseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file whose first line is the key's passphrase; by default it is asked for on the terminal.",
            valueName: "file"
        )
    )
    var passphraseFile: String?

    /// Reads a private key, and asks for its passphrase only if there is one.
    func signingKey(_ path: String, _ printer: ProgressPrinter) throws -> SigningKey {
        try OctavoCLI.signingKey(path, passphraseFile: passphraseFile, printer)
    }

    /// A passphrase for a new key, asked for twice.
    func newPassphrase() throws -> [UInt8] {
        if let passphraseFile { return try readPassphrase(fromFile: passphraseFile) }
        let first = try askPassphrase("New passphrase: ")
        guard try askPassphrase("The same again: ") == first else {
            throw PassphraseError.differs
        }
        return first
    }
}

/// Reads a private key; where it has a passphrase and no file holds that, asks for it.
func signingKey(
    _ path: String,
    passphraseFile: String?,
    _ printer: ProgressPrinter
) throws -> SigningKey {
    if isReadableByOthers(path) {
        printer.note("\(path) can be read by others; `chmod 600` keeps it yours")
    }
    if let passphraseFile {
        return try SigningKey(path: path, passphrase: readPassphrase(fromFile: passphraseFile))
    }
    do { return try SigningKey(path: path) } catch SigningError.key(_, .passphraseNeeded) {
        return try SigningKey(path: path, passphrase: askPassphrase("Passphrase of \(path): "))
    }
}

/// Why there is no passphrase.
enum PassphraseError: Error, CustomStringConvertible {
    /// There is no terminal to ask on.
    case noTerminal
    /// What was typed is none: empty, or longer than 1024 bytes.
    case unusable
    /// What was typed the second time is something else.
    case differs
    /// Whoever was asked gave up.
    case cancelled

    /// As a sentence.
    var description: String {
        switch self {
        case .noTerminal: "the key needs a passphrase, and there is no terminal to ask for it on"
        case .unusable: "a passphrase has 1 to 1024 bytes"
        case .differs: "the two passphrases differ"
        case .cancelled: "no passphrase was given"
        }
    }
}

/// Asks the terminal for a line that is not shown.
private func askPassphrase(_ question: String) throws -> [UInt8] {
    let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard terminal >= 0 else { throw PassphraseError.noTerminal }
    defer { close(terminal) }
    var shown = termios()
    guard unsafe tcgetattr(terminal, &shown) == 0 else { throw PassphraseError.noTerminal }
    var hidden = shown
    // Control-C ends the line instead of the process, which would leave the terminal mute.
    let interrupt: UInt8 = 3
    hidden.c_lflag &= ~tcflag_t(ECHO | ISIG)
    unsafe withUnsafeMutableBytes(of: &hidden.c_cc) { unsafe $0[Int(VEOL)] = interrupt }
    guard unsafe tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 else {
        throw PassphraseError.noTerminal
    }
    defer {
        unsafe tcsetattr(terminal, TCSAFLUSH, &shown)
        tell("\n", terminal)
    }
    tell(question, terminal)
    var line = [UInt8](repeating: 0, count: 4096)
    let count = unsafe read(terminal, &line, line.count)
    guard count > 0 else { throw PassphraseError.cancelled }
    line = Array(line.prefix(count))
    guard !line.contains(interrupt) else { throw PassphraseError.cancelled }
    if line.last == 0x0A { line.removeLast() }
    guard (1...1024).contains(line.count), !line.contains(0) else { throw PassphraseError.unusable }
    return line
}

private func tell(_ text: String, _ terminal: Int32) {
    let bytes = Array(text.utf8)
    try? bytes.withRawBytes { (span) throws(FileError) in
        try writeAll(span, to: terminal, path: "/dev/tty")
    }
}

/// Whether a file may be read by others than its owner.
func isReadableByOthers(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        && status.st_mode & 0o044 != 0
}

/// Writes a file that must not be there: nothing is replaced, not even if it appears meanwhile.
func writeNewFile(_ bytes: [UInt8], to path: String, mode: UInt32) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else {
        if errno == EEXIST { throw KeyFileError.exists(path) }
        throw FileError("create", path)
    }
    defer { close(descriptor) }
    do {
        try bytes.withRawBytes { (span) throws(FileError) in
            try writeAll(span, to: descriptor, path: path)
        }
        guard fsync(descriptor) == 0 else { throw FileError("write", path) }
    } catch {
        unsafe unlink(path)
        throw error
    }
}
