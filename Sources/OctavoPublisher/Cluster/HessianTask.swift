import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoQuantizer

/// The tensor of an input's moments in the file of a slice: in the order in which they are summed.
private func tensorName(block: Int, input: Int) -> String {
    func padded(_ number: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, 6 - text.count)) + text
    }
    return padded(block) + "." + padded(input)
}

extension TaskContext {
    /// Passes the slice through the original model, and writes the moments of all inputs.
    func passSlice() throws {
        let sequences = try work.calibration()
        let slice = try slices(of: sequences)[task.index]
        let inputs = plan.blocks.flatMap { block in
            quantizer.inputs(ofBlock: block).enumerated().map { (block, $0, $1) }
        }
        let tensors = inputs.compactMap { block, place, input in
            let width = quantizer.width(of: input)
            return TensorPlan(
                name: tensorName(block: block, input: place),
                dtype: .f32,
                shape: [width * (width + 1) / 2]
            )
        }
        let sizes = quantizer.batchSizes(of: sequences, slice: slice)
        let memory = quantizer.slicePlan(
            tokens: sizes.reduce(0, +),
            sequenceLength: request.sequenceLength,
            budget: request.memory
        )
        try requireSpace(tensors.reduce(0) { $0 + $1.byteCount }, in: work.taskFolder)
        let writer = try SliceWriter(self, tensors)
        try quantizer.passSlice(
            slice,
            of: sequences,
            source: source,
            storage: activationStorage(memory, sizes, work.taskFolder),
            progress: {
                progress(Progress(task.phase.stage, $0, of: configuration.layerCount))
            },
            keep: { _, _, moments in try writer.write(moments) }
        )
        try writer.finish()
    }
}

/// Writes moments as they come.
private final class SliceWriter {
    private var writer: TaskFileWriter?
    private var facts: [JSON] = []
    private let start: ProcessTime

    init(_ context: TaskContext, _ tensors: [TensorPlan]) throws {
        start = context.start
        writer = try TaskFileWriter(
            context.work.file(context.task),
            plan: context.plan.id,
            task: "\(context.task)",
            tensors: tensors,
            facts: 48 * tensors.count
        )
    }

    func write(_ moments: InputMoments) throws {
        // In pieces: as bytes all of it would be there twice.
        let piece = 1 << 20
        for start in stride(from: 0, to: moments.triangle.count, by: piece) {
            let end = min(start + piece, moments.triangle.count)
            try writer?.write(Array(moments.triangle[start..<end]).byteArray)
        }
        facts.append([.integer(moments.tokens), .bool(moments.isSubstitute)])
    }

    func finish() throws {
        try writer.take()?.finish(facts: .array(facts), effort: TaskEffort(since: start))
    }
}

extension ClusterTaskFile {
    /// The moments that a slice has of an input.
    ///
    /// - Parameters:
    ///   - block: The block.
    ///   - place: The input's place among those of the block.
    ///   - order: The inputs' place among those of all blocks, which is that of their facts.
    ///   - width: The length of the input's vectors.
    /// - Returns: The moments, compared with their digest.
    /// - Throws: ``TaskFileProblem``.
    func moments(block: Int, place: Int, order: Int, width: Int) throws -> InputMoments {
        let name = tensorName(block: block, input: place)
        let triangle = try tensor(name).floats()
        guard let all = facts.array, all.indices.contains(order), let fact = all[order].array,
            fact.count == 2, let tokens = fact[0].integer, let isSubstitute = fact[1].bool,
            tokens > 0, triangle.count == width * (width + 1) / 2
        else { throw problem(.unreadable("tensor \(name) is not what it should be")) }
        return InputMoments(
            inputs: width,
            tokens: tokens,
            triangle: triangle,
            isSubstitute: isSubstitute
        )
    }
}
