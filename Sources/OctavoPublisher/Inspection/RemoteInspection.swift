import OctavoBase
import OctavoCheckpoint
public import OctavoContainer

extension ModelInspection {
    /// The most bytes that a file beside the weights may have to be fetched for a look at it; config.json may have
    /// as many as anywhere.
    private static let mostFetched = 1 << 22

    /// Looks at a container that is elsewhere: its header, which says of every tensor what it is, and small files.
    ///
    /// That the tensors' files describe them as the header does is seen when the container is read on disk (C22).
    ///
    /// - Parameters:
    ///   - container: The container, opened.
    ///   - name: What it is called there.
    /// - Throws: What fetching throws; when what was fetched lies.
    public init(_ container: RemoteContainer, named name: String) async throws {
        let wanted = container.header.files.filter { file in
            if file.path == "config.json" { return file.size <= largestConfig }
            let isRead =
                isSideFile(file.path) && !isLegalText(file.path)
                || [ArtifactRecord.fileName, ModelCard.fileName].contains(file.path)
            return isRead && !file.holdsTensors && file.size <= Self.mostFetched
        }
        let limit = largestConfig + wanted.count * Self.mostFetched
        let contents = try await container.contents(of: wanted, limit: limit)
        try self.init(ContainedFiles(container, named: name, contents))
    }
}

extension ContainedFiles {
    /// Takes those of a container that is elsewhere, of which some were fetched.
    init(_ container: RemoteContainer, named name: String, _ contents: [String: [UInt8]]) {
        path = name
        id = container.preamble.id
        length = container.preamble.fileLength
        header = container.header
        read = { file, limit in
            guard file.size <= limit else { throw FileError(tooLarge: file.path) }
            guard let bytes = contents[file.path] else { throw NotFetched(name: file.path) }
            return bytes
        }
        let elsewhere = MappedFile(elsewhere: name)
        tensor = { part in
            part.checkpointTensor(in: elsewhere, RemotePart(name: part.tensor?.name ?? ""))
        }
    }
}

/// A tensor of a container that is elsewhere.
private struct RemotePart: EncodedTensor {
    let name: String

    func forEachPiece(_ body: ([UInt8]) throws -> Void) throws { throw NotFetched(name: name) }

    func bytes(_ range: Range<Int>) throws -> [UInt8] { throw NotFetched(name: name) }
}

/// What is not here.
private struct NotFetched: Error, CustomStringConvertible {
    let name: String
    var description: String { "\"\(name)\" was not fetched" }
}
