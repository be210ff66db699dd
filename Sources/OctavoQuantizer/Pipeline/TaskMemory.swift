import OctavoModel

// The memory of parts of a run that are processes of their own.
extension ModelQuantizer {
    /// Plans the memory of passing one slice of the calibration text.
    ///
    /// - Parameters:
    ///   - tokens: How many tokens the slice has.
    ///   - sequenceLength: How many of them a sequence has, at most.
    ///   - budget: How many bytes may be taken; activations go to disk where they would not fit.
    /// - Returns: The plan.
    public func slicePlan(tokens: Int, sequenceLength: Int, budget: Int) -> MemoryPlan {
        memoryPlan(
            tokens: tokens,
            sequenceLength: sequenceLength,
            budget: budget,
            solves: false
        )
    }

    /// The most bytes that running the result on a few tokens takes, as the probe does: its ends, one of them once
    /// more while it is read, and a block.
    public var probeBytes: Int {
        let heads = configuration.tiesEmbeddings ? 1 : 2
        let ends = (heads + 1) * configuration.vocabularySize * configuration.hiddenSize
        return programBytes + 4 * (ends + 2 * largestBlock)
    }

    /// The most weights of a block's linears.
    private var largestBlock: Int {
        (0..<configuration.layerCount).map { layer in
            configuration.linears(inLayer: layer).reduce(0) {
                let shape = $1.shape(in: configuration)
                return $0 + shape.outputs * shape.inputs
            }
        }.max() ?? 0
    }

    /// The most bytes that quantizing one block from summed moments takes.
    public var blockTaskBytes: Int {
        let shapes = (0..<configuration.layerCount).flatMap {
            configuration.linears(inLayer: $0).map { $0.shape(in: configuration) }
        }
        let widest = shapes.map(\.inputs).max() ?? 0
        let largest = shapes.map { $0.outputs * $0.inputs }.max() ?? 0
        // A sum in double, the triangle of a slice as it is read and as it is added, their mean; the Hessian, its
        // factor and what that is made from.
        let moments = widest * widest * (8 + 2 + 2 + 4 + 4 + 4 + 8)
        return programBytes + 4 * largestBlock + moments
            + solvingBytes(largest: largest, widest: widest)
    }
}
