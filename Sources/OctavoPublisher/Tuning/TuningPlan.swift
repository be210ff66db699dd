import OctavoBase
import OctavoModel
import OctavoQuantizer

/// The memory that a tuning takes, as far as it is known before it begins.
struct TuningPlan {
    /// What takes how many bytes.
    let parts: [(name: String, bytes: Int)]

    /// Of how many blocks, the last ones, the activations of a step are kept for the way back: those that there is
    /// room for.
    let traces: Int

    /// All of it.
    var total: Int { parts.reduce(0) { $0 + $1.bytes } }

    /// As a line.
    var text: String {
        let parts = parts.filter { $0.bytes > 0 }.map { "\($0.name) \(byteText($0.bytes))" }
        return "about \(byteText(total)) of memory: " + parts.joined(separator: ", ")
    }

    /// Counts what a tuning keeps.
    init(
        _ model: OpenModel,
        _ configuration: ModelConfiguration,
        _ teacher: ModelConfiguration?,
        _ request: TuningRequest
    ) {
        let options = request.options
        let shapes = model.linearShapes
        let quantizedWeights = shapes.reduce(0) { $0 + $1.outputs * $1.inputs }
        let codes = model.scheme.map { quantizedWeights / $0.groupSize * $0.codebooks } ?? 0
        let width = configuration.hiddenSize
        let head = (configuration.tiesEmbeddings ? 1 : 2) * configuration.vocabularySize * width
        let teacherHead =
            teacher.map { ($0.tiesEmbeddings ? 1 : 2) * $0.vocabularySize * $0.hiddenSize } ?? 0
        let blocks = (0..<configuration.layerCount).map { layer in
            configuration.linears(inLayer: layer).reduce(0) { sum, name in
                let (outputs, inputs) = name.shape(in: configuration)
                return sum + outputs * inputs
            }
        }
        let block = blocks.max() ?? 0
        let entries = model.scheme.map { $0.codebooks * $0.entries * $0.groupSize } ?? 0
        let tokens = max(options.batchTokens, request.sequenceLength)
        let heldOut = Int(Double(request.tokens) * options.heldOutShare)
        let trace = 4 * tokens * BlockTrace.width(configuration)
        // Formed, its gradient, and on the way to the next codes.
        let formed = (options.updatesCodes ? 5 : 3) * 4 * block
        var parts: [(name: String, bytes: Int)] = [
            ("program", 150_000_000),
            ("embedding and head", 4 * head),
            (
                "the original's embedding and head",
                request.teacherProbabilities == nil ? 4 * teacherHead : 0
            ),
            // As they were, are, and were at their best.
            ("codes", 6 * codes),
            // Those three, and two means.
            ("codebooks", 5 * 4 * entries * shapes.count),
            ("linears without codes", 4 * (blocks.reduce(0, +) - quantizedWeights)),
            ("what codes come near to", options.updatesCodes ? 8 * quantizedWeights : 0),
            ("a block's weights", formed),
            (
                "a step's activations",
                4 * tokens * width * (configuration.layerCount + 3) + trace
            ),
            (
                "the original's answers for the text",
                4 * request.tokens * (teacher?.hiddenSize ?? 0)
            ),
            ("held-out text in passage", 4 * heldOut * width),
            ("logits", 4 * 3 * ModelEnds.rowsAtOnce * configuration.vocabularySize),
            (
                "embedding's gradient and its means",
                // That, two means, the best, and a copy while a step is made.
                options.updatesEmbeddings ? 5 * 4 * head : 0
            ),
        ]
        let room = request.memory - parts.reduce(0) { $0 + $1.bytes }
        traces = BlockTrace.count(fittingInto: room, tokens: tokens, configuration)
        parts.append(("activations of \(traces) blocks, kept for the way back", traces * trace))
        self.parts = parts
    }
}
