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
    let journal: JournalFiles
    let progress: ProgressHandler

    /// How many tokens go through the original, at most.
    static let tokens = 8192

    static let embedding = "model.embed_tokens.weight"
    static let head = "lm_head.weight"
    /// The tensors that are encoded.
    static let names = [embedding, head]

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
        let moments = try moments(ends, hidden, execution)
        var matrices: [String: LossyMatrix] = [:]
        var tables: [EmbeddingRecord.Table] = []
        for (name, values) in [
            (Self.embedding, ends.embedding.matrix), (Self.head, ends.untiedHead?.matrix),
        ] {
            guard let values else { continue }
            let (matrix, loss) = try encode(values, named: name) { groupSize in
                // What was measured was measured with all tables kept.
                guard kept == nil else { throw ResumeError.damaged(journal.path) }
                return try InputMetric(
                    hessian: hessian(named: name, moments),
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
            else { throw LinearQuantizationError(path: name, cause: .outOfRange) }
            var error = Matrix(
                rows: values.rows,
                columns: values.columns,
                elements: try self.values(of: matrix, named: name)
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
        _ = try self.values(of: matrix, named: name)
        return (matrix, table.relativeLoss)
    }

    /// What a matrix decodes to, which must be within what halves can hold.
    private func values(of matrix: LossyMatrix, named name: String) throws -> [Float] {
        let values = matrix.values(threads: threads)
        guard values.allSatisfy(\.isFinite) else {
            throw LinearQuantizationError(path: name, cause: .outOfRange)
        }
        return values
    }

    /// The moments of what a head takes; nil without a text.
    private func moments(
        _ ends: ModelEnds,
        _ hidden: [Matrix],
        _ execution: Execution
    ) throws -> HessianAccumulator? {
        guard case .additive = encoding, !hidden.isEmpty else { return nil }
        var moments = HessianAccumulator(inputs: configuration.hiddenSize)
        for hidden in hidden { try moments.add(ends.headInput(hidden, execution)) }
        return moments
    }

    /// What an error of a tensor costs: in an embedding all directions alike, as a norm follows, in a head
    /// what it makes of its inputs, and in one that serves as both the mean of these.
    private func hessian(named name: String, _ moments: HessianAccumulator?) throws -> Matrix {
        let width = configuration.hiddenSize
        var hessian = Matrix(rows: width, columns: width)
        var mean: Float = 1
        if name == Self.head || configuration.tiesEmbeddings, let moments {
            hessian = try moments.mean()
            mean = (0..<width).reduce(0) { $0 + hessian[$1, $1] } / Float(width)
        }
        guard name == Self.embedding else { return hessian }
        for i in 0..<width { hessian[i, i] += mean }
        return hessian
    }
}
