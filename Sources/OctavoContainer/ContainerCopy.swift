import OctavoBase

/// Writes a container as it is, after checking each of its bytes.
///
/// - Parameters:
///   - container: What to copy.
///   - output: Where to.
///   - threads: How many take part in checking.
///   - progress: Told how many bytes of how many have been written.
/// - Returns: What was written.
/// - Throws: ``ContainerError`` of what is damaged, or what the output throws.
public func copyContainer(
    _ container: ContainerFile,
    to output: any ContainerOutput,
    threads: Int,
    progress: (Int, Int) -> Void = { _, _ in }
) throws -> ContainerSummary {
    try container.verifyBytes(threads: threads)
    let (file, first, piece) = (container.file, ContainerPreamble.byteCount, 8 << 20)
    for start in stride(from: first, to: file.count, by: piece) {
        let range = start..<min(file.count, start + piece)
        try output.write(file.bytes.extracting(range), at: start)
        file.release(range)
        progress(range.upperBound, file.count)
    }
    try output.write(file.bytes.extracting(0..<first), at: 0)
    try output.finish(length: file.count)
    let parts = container.header.files.flatMap(\.parts)
    return ContainerSummary(
        id: container.id,
        size: file.count,
        contentSize: parts.reduce(0) { $0 + $1.size },
        storedBytes: parts.reduce(into: [:]) {
            $0[$1.encoding.name, default: 0] += $1.stored.count
        }
    )
}
