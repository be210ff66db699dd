import Glibc

/// A folder in memory that this process puts its inputs into, removed by the script that runs it.
private let folder: String = {
    var template = Array("/dev/shm/octavo-fuzz.XXXXXX".utf8CString)
    guard let path = mkdtemp(&template) else { return "/dev/shm" }
    return String(cString: path)
}()

/// The bytes of an input.
public func inputBytes(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// Writes an input as a file of this name, and gives its path: readers take files, which they map.
public func inputFile(_ name: String, _ bytes: [UInt8]) -> String {
    let path = folder + "/" + name
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "cannot write \(path)")
    defer { close(descriptor) }
    precondition(write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(path)")
    return path
}

/// The folder of the files that ``inputFile(_:_:)`` writes.
public var inputFolder: String { folder }
