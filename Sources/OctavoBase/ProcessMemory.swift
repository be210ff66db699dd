import Glibc

/// The memory of this process, as the kernel counts it (proc(5): `VmHWM`, `clear_refs`).
public enum ProcessMemory {
    /// Begins a new measurement of the peak: it falls to what is resident now.
    ///
    /// - Returns: Whether the kernel did; where it does not, the peak stays that of the whole process.
    public static func resetPeak() -> Bool {
        let descriptor = unsafe open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let command: [UInt8] = [UInt8(ascii: "5")]
        return unsafe command.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            == 1
    }

    /// The most bytes that were resident at once, pages of mapped files among them; nil where the kernel does
    /// not say.
    public static var peak: Int? {
        guard let line = kernelLine("/proc/self/status", beginning: "VmHWM:") else { return nil }
        return line.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }.map {
            $0 * 1024
        }
    }
}

/// What the first processor of this machine is called; nil where the kernel does not say.
public func processorName() -> String? {
    guard let line = kernelLine("/proc/cpuinfo", beginning: "model name") else { return nil }
    let name = printable(String(line.drop { $0 == ":" || $0.isWhitespace }))
    return name.isEmpty ? nil : name
}

/// The rest of the first line that begins so, of a text that the kernel writes as it is read: its length is
/// not known before.
private func kernelLine(_ path: String, beginning: String) -> Substring? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var count = 0
    while count < buffer.count {
        let piece = unsafe buffer.withUnsafeMutableBytes {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: $0[count...])
            return unsafe read(descriptor, rest.baseAddress, rest.count)
        }
        if piece < 0 && errno == EINTR { continue }
        guard piece > 0 else { break }
        count += piece
    }
    let text = String(decoding: buffer[..<count], as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix(beginning) }
    return line.map { $0.dropFirst(beginning.count).drop(while: \.isWhitespace) }
}
