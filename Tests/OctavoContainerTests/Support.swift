import OctavoBase
import OctavoTestSupport

@testable import OctavoContainer

/// Maps bytes as a file, for as long as a body runs.
func withContainer<R>(_ bytes: [UInt8], _ body: (MappedFile) async throws -> R) async throws -> R {
    try await withTemporaryDirectory { directory in
        let path = directory + "/c.aqlm"
        try AtomicFile.write(bytes, to: path)
        return try await body(MappedFile(path))
    }
}

/// What a reader says first of a container, and whether it says so on opening; nil if all is well.
func firstError(_ bytes: [UInt8]) async throws -> (error: ContainerError, isOnOpening: Bool)? {
    try await withContainer(bytes) { file in
        let container: ContainerFile
        do throws(ContainerError) { container = try ContainerFile(file) } catch {
            return (error, true)
        }
        do {
            try container.verifyBytes(threads: 1)
            try container.verifyParts(threads: 1)
        } catch let error as ContainerError { return (error, false) }
        return nil
    }
}

/// A container in memory.
final class MemoryOutput: ContainerOutput {
    private(set) var bytes: [UInt8] = []

    func write(_ piece: RawSpan, at offset: Int) {
        let end = offset + piece.byteCount
        if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
        bytes.replaceSubrange(offset..<end, with: piece.array)
    }

    func finish(length: Int) { bytes.removeLast(bytes.count - length) }
}

/// The container of some files.
func written(_ files: [ContainedFilePlan], threads: Int = 2) throws -> [UInt8] {
    let output = MemoryOutput()
    _ = try writeContainer(files, to: output, threads: threads)
    return output.bytes
}

/// A file of tensors as it is planned, and its bytes; the header is made here.
func tensorFile(
    _ path: String,
    _ tensors: [(tensor: ContainedTensor, bytes: [UInt8], form: PartPlan.Form)]
) -> (plan: ContainedFilePlan, bytes: [UInt8]) {
    var members = JSONObject()
    var offset = 0
    for (tensor, bytes, _) in tensors {
        members[tensor.name] = .object([
            "dtype": .string(tensor.dtype.rawValue),
            "shape": .array(tensor.shape.map(JSON.integer)),
            "data_offsets": [.integer(offset), .integer(offset + bytes.count)],
        ])
        offset += bytes.count
    }
    let text = Array(JSON.object(members).text(.compact).utf8)
    let header = [UInt64(text.count)].byteArray + text
    let parts =
        [PartPlan(.memory(header))]
        + tensors.map { PartPlan(.memory($0.bytes), tensor: $0.tensor, form: $0.form) }
    return (
        ContainedFilePlan(path: path, parts: parts),
        header + tensors.flatMap(\.bytes)
    )
}

/// Bytes that are fetched by ranges, and counted.
final class CountedRanges: ByteRangeSource, @unchecked Sendable {
    var bytes: [UInt8]
    var fetched = 0
    var count: Int { bytes.count }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func bytes(_ range: Range<Int>) -> [UInt8] {
        fetched += range.count
        return Array(bytes[range])
    }
}
