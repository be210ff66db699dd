import Foundation

/// Material that lives beside a checkout, when it is there: large golden files and texts.
///
/// The project never depends on it: tests that use it are enabled by `Shared.isHere`, which makes
/// the runner say that they were skipped where it is not.
public enum Shared {
    /// The folder, `../shared` beside the package unless `OCTAVO_SHARED` names another.
    public static let folder: String =
        ProcessInfo.processInfo.environment["OCTAVO_SHARED"] ?? packageRoot + "/../shared"

    /// Whether the folder is there.
    public static let isHere = FileManager.default.fileExists(atPath: folder + "/golden")

    /// The path of a file in it.
    public static func path(_ relative: String) -> String { folder + "/" + relative }
}

/// The root of the package that the tests were built from.
public let packageRoot: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
}()

/// Runs a test's body with an empty directory that is removed afterwards.
public func withTemporaryDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
    let path = NSTemporaryDirectory() + "/octavo-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
