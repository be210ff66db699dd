import OctavoCheckpoint
import OctavoContainer
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// What encoded embeddings alone cost.
struct EmbeddingMeasures {
    let divergence: Float
    let originalPerplexity: Float
    let perplexity: Float
}

/// A model's weights with embedding and head as a container will hold them.
struct EncodedSource: WeightSource {
    let model: OpenModel
    let matrices: [String: LossyMatrix]
    let threads: Int

    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        guard let matrix = matrices[name] else { return try model.tensor(name) }
        return (try model.checkpoint.tensor(named: name).shape, matrix.values(threads: threads))
    }

    func additiveLayer(_ name: String) throws -> AdditiveLayer? { try model.additiveLayer(name) }
}

extension EmbeddingQuantization {
    /// Measures what encoded tensors alone cost, and keeps it.
    func measure(
        _ matrices: [String: LossyMatrix],
        _ text: [[Int]],
        _ ends: ModelEnds,
        _ hidden: [Matrix],
        _ execution: Execution
    ) throws -> EmbeddingMeasures {
        let source = EncodedSource(model: model, matrices: matrices, threads: threads)
        let encoded = try ModelEnds(configuration: configuration, from: source)
        let reached = try pass(text, encoded, execution, "measuring embeddings")
        var (distance, original, loss) = (TeacherDistance(), TextLoss(), TextLoss())
        for (index, tokens) in text.enumerated() {
            let part = encoded.comparison(
                with: ends,
                teacherHidden: hidden[index],
                studentHidden: reached[index],
                tokens: tokens,
                execution
            )
            distance += part.distance
            original += part.teacher
            loss += part.student
        }
        let measures = EmbeddingMeasures(
            divergence: Float(distance.meanDivergence),
            originalPerplexity: Float(original.perplexity),
            perplexity: Float(loss.perplexity)
        )
        guard measures.divergence.isFinite, measures.perplexity.isFinite,
            measures.originalPerplexity.isFinite
        else {
            throw LinearQuantizationError(path: Self.embedding, cause: .notFinite(.activations))
        }
        try journal.keep(measures)
        progress(
            Progress(
                "measuring embeddings",
                configuration.layerCount,
                of: configuration.layerCount,
                detail:
                    "they alone cost KL \(decimal(distance.meanDivergence, digits: 4)), perplexity "
                    + "\(decimal(original.perplexity, digits: 2)) to \(decimal(loss.perplexity, digits: 2))"
            )
        )
        return measures
    }
}
