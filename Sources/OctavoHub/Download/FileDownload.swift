internal import Glibc
internal import OctavoBase

/// One file on its way from a hub.
struct FileDownload: Sendable {
    let client: HubClient
    let repository: RepositoryID
    let url: WebURL
    let file: TreeEntry
    /// Told how many bytes there are.
    let onProgress: @Sendable (Int) -> Void

    /// Fetches the file, a large one in ranges.
    ///
    /// - Parameters:
    ///   - partial: Where it is until it is right.
    ///   - final: Where it goes then.
    /// - Returns: How many bytes came over the network.
    /// - Throws: `HubError`, among it `.wrongDigest`; `FileError` from the disk.
    func run(partial: String, final: String) async throws -> Int {
        let isLarge = file.size / 2 >= client.limits.rangeSize && client.limits.parts > 1
        var received = 0
        do {
            if isLarge {
                received = try await ranges(partial + RangedFile.suffix, final)
            } else {
                received = try await whole(partial, final)
            }
        } catch HubError.rangeIgnored {
            // A hub, or a proxy before it, that knows no ranges.
            received = try await whole(partial, final)
        }
        // An earlier run may have left the other form.
        RangedFile.remove(partial + RangedFile.suffix)
        unsafe unlink(partial)
        return received
    }

    private func whole(_ partial: String, _ final: String) async throws -> Int {
        let target = try await runBlocking {
            try PartialFile(partial, for: file, onProgress: onProgress)
        }
        let received = try await client.fetch(url, of: repository, file.path, to: target)
        try await runBlocking { try target.finish(as: final) }
        return received
    }

    private func ranges(_ partial: String, _ final: String) async throws -> Int {
        let target = try await runBlocking {
            try RangedFile(
                partial,
                for: file,
                rangeSize: client.limits.rangeSize,
                onProgress: onProgress
            )
        }
        let received = Counter()
        do {
            try await forEach(target.missing, atOnce: client.limits.parts) { number in
                let sink = target.sink(number)
                received.add(try await client.fetch(url, of: repository, file.path, to: sink))
                try await runBlocking { try target.finish(number) }
            }
        } catch HubError.rangeIgnored(let path) {
            target.discard()
            throw HubError.rangeIgnored(path: path)
        }
        try await runBlocking { try target.finish(as: final) }
        return received.value
    }
}
