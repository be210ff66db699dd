import OctavoBase
import OctavoModel
import OctavoQuantizer

/// The memory that a tuning takes, as far as it is known before it begins.
struct TuningPlan {
    /// What takes how many bytes.
    let parts: [(name: String, bytes: Int)]

    /// All of it.
    var total: Int { parts.reduce(0) { $0 + $1.bytes } }

    /// As a line.
    var text: String {
        let parts = parts.filter { $0.bytes > 0 }.map { "\($0.name) \(byteText($0.bytes))" }
        return "about \(byteText(total)) of memory: " + parts.joined(separator: ", ")
    }

    /// Counts what a tuning keeps.
    init(_ model: OpenModel, _ configuration: ModelConfiguration, _ request: TuningRequest) {
        let options = request.options
        let shapes = model.linearShapes
        let quantizedWeights = shapes.reduce(0) { $0 + $1.outputs * $1.inputs }
        let codes = model.scheme.map { quantizedWeights / $0.groupSize * $0.codebooks } ?? 0
        let width = configuration.hiddenSize
        let head = configuration.vocabularySize * width
        let block = quantizedWeights / max(1, configuration.layerCount)
        let tokens = max(options.batchTokens, request.sequenceLength)
        let heldOut = Int(Double(request.tokens) * options.heldOutShare)
        let perToken =
            5 * width + 2 * configuration.keyValueWidth + 3 * configuration.intermediateSize
        // Formed, its gradient, and on the way to the next codes.
        let formed = (options.updatesCodes ? 5 : 3) * 4 * block
        parts = [
            ("program", 150_000_000),
            ("embedding and head", 4 * head * (configuration.tiesEmbeddings ? 1 : 2)),
            // Both now and at its best.
            ("codes", 4 * codes),
            ("what codes come near to", options.updatesCodes ? 8 * quantizedWeights : 0),
            ("a block's weights", formed),
            (
                "a step's activations",
                4 * tokens * (width * (configuration.layerCount + 2) + perToken)
            ),
            ("the original's answers for the text", 4 * request.tokens * width),
            ("held-out text in passage", 4 * heldOut * width),
            ("logits", 4 * 3 * 128 * configuration.vocabularySize),
            (
                "embedding's gradient and its means",
                options.updatesEmbeddings ? 4 * 4 * head : 0
            ),
        ]
    }
}
