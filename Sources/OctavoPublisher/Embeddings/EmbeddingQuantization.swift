import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// Embedding and head as a container will hold them, and what that costs.
struct EncodedEmbeddings {
    /// By the names of the tensors.
    let matrices: [String: LossyMatrix]
    let record: EmbeddingRecord
}

/// Encodes embedding and head before anything else is quantized, so that all layers are fitted to what they
/// make of tokens.
///
/// Some of the calibration text goes through the original to learn what its head takes, and once more with
/// the encoded tensors to measure what they alone cost. Neither keeps more than one block of weights.
struct EmbeddingQuantization {
    let model: OpenModel
    let configuration: ModelConfiguration
    let encoding: EmbeddingEncoding
    let options: LayerQuantizerOptions
    /// Whether codebooks are put in order.
    let isCanonical: Bool
    let threads: Int
    let journal: FolderJournal
    let progress: ProgressHandler

    /// How many tokens go through the original, at most.
    static let tokens = 8192

    static let embedding = "model.embed_tokens.weight"
    static let head = "lm_head.weight"

    /// Encodes, or takes what an earlier run made.
    func run(_ sequences: [[Int]]) throws -> EncodedEmbeddings {
        setBLASThreads(threads)
        var count = 0
        let text = Array(
            sequences.prefix { sequence in
                count += sequence.count
                return count <= Self.tokens || count == sequence.count
            }
        )
        let execution = Execution(threads: threads)
        let ends = try ModelEnds(configuration: configuration, from: model)
        let kept = try journal.embeddingMeasures()
        let hidden = kept == nil ? try pass(text, ends, execution, "reading the original") : []
        var matrices: [String: LossyMatrix] = [:]
        var tables: [EmbeddingRecord.Table] = []
        for (name, values) in [(Self.embedding, ends.embedding), (Self.head, ends.untiedHead)] {
            guard let values else { continue }
            let (matrix, loss) = try encode(values, named: name) { groupSize in
                try InputMetric(
                    hessian: hessian(named: name, ends, hidden, execution),
                    groupSize: groupSize
                )
            }
            matrices[name] = matrix
            tables.append(.init(name: name, relativeLoss: loss, size: matrix.storedSize))
        }
        let measures = try kept ?? measure(matrices, text, ends, hidden, execution)
        return EncodedEmbeddings(
            matrices: matrices,
            record: EmbeddingRecord(
                encoding: "\(encoding)",
                tensors: tables,
                divergence: measures.divergence,
                originalPerplexity: measures.originalPerplexity,
                perplexity: measures.perplexity,
                tokens: text.reduce(0) { $0 + $1.count }
            )
        )
    }

    func pass(
        _ text: [[Int]],
        _ ends: ModelEnds,
        _ execution: Execution,
        _ stage: String
    ) throws -> [Matrix] {
        try finalHidden(of: text, ends, blocks: model, execution) {
            progress(Progress(stage, $0, of: configuration.layerCount))
        }
    }

    /// Encodes a tensor; returns its loss too.
    private func encode(
        _ values: Matrix,
        named name: String,
        metric: (_ groupSize: Int) throws -> InputMetric
    ) throws -> (LossyMatrix, Float) {
        guard case .additive(let scheme) = encoding else {
            guard
                let matrix = LossyMatrix(
                    integersFor: values.elements,
                    columns: values.columns,
                    group: EmbeddingEncoding.integerGroup
                )
            else { throw StorageError.overflow(tensor: name, value: .infinity, dtype: .i8) }
            var error = Matrix(
                rows: values.rows,
                columns: values.columns,
                elements: matrix.values(threads: threads)
            )
            add(values, times: -1, to: &error)
            return (
                matrix, Float(dot(error, error) / max(dot(values, values), .leastNonzeroMagnitude))
            )
        }
        let table: QuantizedLinear
        if let kept = try journal.table(name, scheme, outputs: values.rows, inputs: values.columns)
        {
            table = kept
        } else {
            let found: (layer: AdditiveLayer, relativeLoss: Double)
            do {
                var options = options
                options.threads = threads
                found = try quantize(
                    table: values,
                    metric: metric(scheme.groupSize),
                    scheme: scheme,
                    options: options
                ) {
                    progress(Progress("quantizing embeddings", $0, of: $1, detail: name))
                }
            } catch let error as QuantizationError {
                throw LinearQuantizationError(path: name, cause: error)
            }
            table = QuantizedLinear(
                layer: isCanonical ? found.layer.canonical : found.layer,
                relativeLoss: Float(found.relativeLoss)
            )
            try journal.keep(table, named: name)
        }
        let matrix = LossyMatrix(
            codebooks: table.layer.codebooks,
            bits: scheme.bits,
            group: scheme.groupSize,
            scales: table.layer.scales,
            codes: table.layer.codes
        )
        return (matrix, table.relativeLoss)
    }

    /// What an error of a tensor costs: in an embedding all directions alike, as a norm follows, in a head
    /// what it makes of its inputs, and in one that serves as both the mean of these.
    private func hessian(
        named name: String,
        _ ends: ModelEnds,
        _ hidden: [Matrix],
        _ execution: Execution
    ) throws -> Matrix {
        let width = configuration.hiddenSize
        var moments = HessianAccumulator(inputs: width)
        for hidden in hidden { try moments.add(ends.headInput(hidden, execution)) }
        var hessian = try moments.mean()
        let isHead = name == Self.head || configuration.tiesEmbeddings
        let isEmbedding = name == Self.embedding
        let mean = (0..<width).reduce(Float(0)) { $0 + hessian[$1, $1] } / Float(width)
        let (share, other): (Float, Float) = (isHead ? 1 : 0, isEmbedding ? mean : 0)
        for i in hessian.elements.indices { hessian.elements[i] *= share }
        for i in 0..<width { hessian[i, i] += other }
        return hessian
    }
}
