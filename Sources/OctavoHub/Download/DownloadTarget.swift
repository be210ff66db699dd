internal import Glibc
internal import OctavoBase

/// Where the files of a download go.
protocol DownloadTarget: Sendable {
    /// Whether a file is there, every byte of it right.
    func has(_ file: TreeEntry, onRead: (Int) -> Void) throws -> Bool
    /// Where a file has its place while it is on the way: a name that stays the same over runs, without links on
    /// the way to it.
    func partialPlace(_ file: TreeEntry) throws -> String
    /// Where it goes when it is whole and right.
    func place(_ file: TreeEntry) throws -> String
    /// Runs while nobody else fetches the same; `.alreadyDownloading` if somebody does.
    func lock(_ file: TreeEntry) throws -> DirectoryLock?
}

/// A directory that holds the files under their own names.
struct DirectoryTarget: DownloadTarget {
    let directory: String
    private static let partials = [".cache", "octavo"]

    /// Makes the directory.
    init(_ directory: String) throws {
        self.directory = directory
        try makeDirectory(try OctavoHub.place(Self.partials, below: directory))
    }

    func has(_ file: TreeEntry, onRead: (Int) -> Void) throws -> Bool {
        let place = try place(file)
        guard fileKind(place) == .file, try fileSize(place) == file.size else { return false }
        return try file.content.matches(place, onRead: onRead)
    }

    func partialPlace(_ file: TreeEntry) throws -> String {
        // Different for two files with the same contents.
        let name = "\(Digest(of: "\(file.path)").hex.prefix(16)).\(file.content).incomplete"
        return try OctavoHub.place(Self.partials + [name], below: directory)
    }

    func place(_ file: TreeEntry) throws -> String {
        try OctavoHub.place(file.path.parts, below: directory)
    }

    func lock(_: TreeEntry) throws -> DirectoryLock? { nil }

    /// Removes what the download needed for itself, unless partial files of another are in it.
    func tidy() {
        unsafe rmdir(joined(directory, Self.partials.joined(separator: "/")))
        unsafe rmdir(joined(directory, Self.partials[0]))
    }
}

extension ContentName {
    /// Whether a file has these contents.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - onRead: Told how many bytes have been read.
    /// - Returns: Whether they hash to this name.
    /// - Throws: `FileError` when it cannot be read.
    func matches(_ path: String, onRead: (Int) -> Void = { _ in }) throws -> Bool {
        let file = try ReadableFile(path)
        let hasher = hasher(size: file.count)
        var count = 0
        try file.forEachPiece(of: 0..<file.count) { piece in
            hasher.update(piece)
            count += piece.byteCount
            onRead(count)
        }
        return hexadecimal(hasher.finish()) == description
    }
}
