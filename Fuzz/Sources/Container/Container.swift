import FuzzInput
import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoPublisher

/// Reads a container as it is, and once more with its digests put right: no spoilt container has them, and all that
/// is behind them would never be reached.
@_cdecl("LLVMFuzzerTestOneInput")
public func readContainer(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = inputBytes(bytes, count)
    read(input)
    guard var sealed = Seal(input) else { return 0 }
    // What is encoded has to be decoded to know its digest.
    let path = inputFile("model.aqlm", sealed.container)
    if let file = try? MappedFile(path), let container = try? ContainerFile(file) {
        sealed.takeDigests(container)
        read(sealed.container)
    }
    return 0
}

/// Reads all of a container in every way there is: by parts, by ranges, as a model.
private func read(_ bytes: [UInt8]) {
    let path = inputFile("model.aqlm", bytes)
    guard let file = try? MappedFile(path), let container = try? ContainerFile(file) else { return }
    try? container.verifyBytes(threads: 1)
    // A part of zeros may have gigabytes; memory has not, but a run has no time for many.
    let size = container.header.files.reduce(0) { $0 + $1.size }
    if size < 1 << 26 { try? container.verifyParts(threads: 1) }
    for contained in container.header.files {
        _ = try? container.bytes(of: contained, limit: 1 << 20)
        for part in contained.parts where part.size > 2 {
            _ = try? container.bytes(part.size / 2..<part.size / 2 + 1, of: part)
        }
    }
    _ = try? ModelInspection(path)
    guard let model = try? OpenModel(path) else { return }
    _ = try? model.tokenizer()
    for tensor in model.checkpoint.tensors where tensor.byteCount < 1 << 24 {
        _ = try? tensor.floats()
        _ = try? tensor.integers()
    }
    if size < 1 << 24 { _ = try? model.languageModel() }
}
