import OctavoBase

/// The bytes of every file below a folder, by path.
public func contents(of folder: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for path in try filesBelow(folder) { files[path] = try readFile(joined(folder, path)) }
    return files
}

/// Writes files below a folder.
public func write(_ files: [String: [UInt8]], to folder: String) throws {
    for (path, bytes) in files {
        let file = joined(folder, path)
        try makeDirectory(parent(of: file))
        try AtomicFile.write(bytes, to: file)
    }
}

/// The largest difference between two lists of numbers, relative to the standard deviation of the
/// second; infinite if they are of different lengths or hold what is no number.
public func relativeDistance(_ found: [Float], from expected: [Float]) -> Double {
    guard found.count == expected.count, !expected.isEmpty else { return .infinity }
    let values = expected.map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    let differences = zip(found, values).map { abs(Double($0) - $1) }
    guard differences.allSatisfy(\.isFinite), variance > 0 else { return .infinity }
    return (differences.max() ?? 0) / variance.squareRoot()
}
