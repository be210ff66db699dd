import OctavoBase
import OctavoCheckpoint
public import OctavoContainer
import OctavoModel

/// Packs a model into a container, without loss.
///
/// What is in safetensors files already goes in as it is, byte for byte, and a container stays one, encodings and
/// all, unless it is to be mapped and is not yet; of any other source the files are packed that a conversion to safetensors gives.
///
/// - Parameters:
///   - model: What to pack.
///   - output: The file to make; nothing may be there.
///   - options: The type of tensors and the size of shards, if they are to be others, and the threads.
///   - progress: Told how far the work has come.
/// - Returns: What was written.
/// - Throws: What was wrong with the model or the disk.
public func pack(
    _ model: OpenModel,
    to output: String,
    _ options: ConversionOptions,
    progress: @escaping ProgressHandler = { _ in }
) throws -> ContainerSummary {
    guard output.hasSuffix(ContainerFile.suffix) else { throw OutputError.suffix(output) }
    guard fileKind(output) == nil else { throw OutputError.exists(output) }
    return try pack(model, options, beside: output, progress: progress) {
        try ContainerFileOutput(output)
    }
}

/// Packs a model into a container that goes to an open file, such as a pipe.
///
/// - Parameters:
///   - model: What to pack.
///   - descriptor: The file, open for writing.
///   - directory: Where the container is put together, in a file without a name.
///   - options: As for a file.
///   - progress: Told how far the work has come.
/// - Returns: What was written.
/// - Throws: What was wrong with the model or the disk.
public func pack(
    _ model: OpenModel,
    toDescriptor descriptor: Int32,
    by directory: String,
    _ options: ConversionOptions,
    progress: @escaping ProgressHandler = { _ in }
) throws -> ContainerSummary {
    try pack(model, options, beside: joined(directory, "container"), progress: progress) {
        try ContainerStreamOutput(to: descriptor, by: directory)
    }
}

/// Packs a model whose embedding and head are encoded with loss already: its files hold what they decode to.
func pack(
    _ model: OpenModel,
    encoded: [String: LossyMatrix],
    to output: String,
    threads: Int,
    progress: ProgressHandler
) throws {
    let plans = try plans(of: model, encoded: encoded)
    _ = try writeContainer(plans, to: ContainerFileOutput(output), threads: threads) {
        progress(Progress("packing", $0, of: $1, unit: .bytes))
    }
}

private func pack(
    _ model: OpenModel,
    _ options: ConversionOptions,
    beside place: String,
    progress: @escaping ProgressHandler,
    to makeOutput: () throws -> any ContainerOutput
) throws -> ContainerSummary {
    func write(_ files: [ContainedFilePlan]) throws -> ContainerSummary {
        try writeContainer(files, to: makeOutput(), threads: options.threads) {
            progress(Progress("packing", $0, of: $1, unit: .bytes))
        }
    }
    if let container = model.container, options.keepsFiles,
        container.header.isMapped || !options.isMapped
    {
        return try copyContainer(container, to: makeOutput(), threads: options.threads) {
            progress(Progress("packing", $0, of: $1, unit: .bytes))
        }
    }
    let isReady =
        model.checkpoint.sources.contains { $0.name.hasSuffix(".safetensors") }
        && !model.checkpoint.sources.contains { $0.name.hasSuffix(".bin") }
    if isReady, options.keepsFiles {
        return try write(plans(of: model, isMapped: options.isMapped))
    }
    // Anything else has to become safetensors first, whose header says where everything is.
    let folder = try TemporaryFolder(beside: place)
    var first = options
    first.target = .safetensors
    let converted = joined(folder.path, "model")
    _ = try convert(model, to: converted, first, progress: progress)
    return try write(plans(of: OpenModel(converted), isMapped: options.isMapped))
}

/// The files of a model that go into a container: small ones first, so that a reader has them first.
///
/// - Parameters:
///   - model: A model in safetensors files.
///   - encoded: Tensors that are encoded already; by name.
///   - isMapped: Whether tensors are stored as they are run.
/// - Returns: A plan of each file.
/// - Throws: What was wrong with the files.
private func plans(
    of model: OpenModel,
    encoded: [String: LossyMatrix] = [:],
    isMapped: Bool = false
) throws -> [ContainedFilePlan] {
    var paths = Dictionary(
        model.checkpoint.sources.map { ($0.name, $0.path) },
        uniquingKeysWith: { first, _ in first }
    )
    if model.checkpoint.format == .directory {
        for name in [ArtifactRecord.fileName, ModelCard.fileName] {
            let path = joined(model.path, name)
            if fileKind(path) == .file { paths[name] = path }
        }
    }
    func isWeights(_ name: String) -> Bool { name.hasSuffix(".safetensors") }
    let names = paths.keys.sorted {
        isWeights($0) == isWeights($1) ? precedes($0, $1) : isWeights($1)
    }
    return try names.compactMap { name in
        guard let path = paths[name] else { return nil }
        let mapped = try MappedFile(path)
        guard isWeights(name) else {
            let part = PartPlan(.file(mapped, 0..<mapped.count))
            return ContainedFilePlan(path: name, parts: [part])
        }
        let file = try SafetensorsFile(mapped)
        let dataStart = file.tensors.first?.bytes.lowerBound ?? mapped.count
        var parts = [PartPlan(.file(mapped, 0..<dataStart))]
        for tensor in file.tensors {
            let isCodes = tensor.name.removingSuffix(".codes").flatMap(model.linearShape) != nil
            let contained = ContainedTensor(
                name: tensor.name,
                dtype: tensor.dtype,
                shape: tensor.shape
            )
            let form: PartPlan.Form =
                isMapped
                ? .ready(contained.mappedEncoding)
                : .lossless(codeBits: isCodes ? model.scheme?.bits : nil)
            parts.append(
                PartPlan(
                    .file(mapped, tensor.bytes),
                    tensor: contained,
                    form: encoded[tensor.name].map { .encoded($0) } ?? form
                )
            )
        }
        return ContainedFilePlan(path: name, parts: parts)
    }
}

/// Takes the files of a container out, byte for byte.
///
/// - Parameters:
///   - container: What to unpack.
///   - output: A directory that does not exist yet; it appears only when it is whole.
///   - threads: The threads that decode.
///   - progress: Told how far the work has come.
/// - Returns: The paths of the files.
/// - Throws: What was wrong with the container or the disk.
public func unpack(
    _ container: ContainerFile,
    to output: String,
    threads: Int,
    progress: @escaping ProgressHandler = { _ in }
) throws -> [String] {
    let folder = try PartialFolder(for: output)
    let artifact = try folder.makeArtifact()
    let total = container.header.files.reduce(0) { $0 + $1.size }
    // Few stored bytes may stand for more than the disk has: better said than found out by filling it.
    try requireSpace(total, in: artifact)
    var done = 0
    for contained in container.header.files {
        let path = joined(artifact, contained.path)
        try makeDirectory(parent(of: path))
        let file = try AtomicFile(path)
        for part in contained.parts {
            try container.forEachPiece(of: part, threads: threads) { try file.write($0) }
            done += part.size
            progress(Progress("unpacking", done, of: total, unit: .bytes))
        }
        try file.commit()
    }
    try folder.commit()
    return container.header.files.map(\.path)
}

extension OpenModel {
    /// Whether its AQLM layout breaks rules that a conversion would mend.
    var hasFaults: Bool { (aqlm?.findings ?? []).contains(where: \.isFault) }
}

/// A folder for what is in between, which goes when this value does.
private final class TemporaryFolder {
    let path: String

    init(beside place: String) throws {
        path = "\(place).\(UInt32.random(in: 0 ... .max)).partial"
        try makeDirectory(path)
    }

    deinit { try? removeAll(path) }
}
