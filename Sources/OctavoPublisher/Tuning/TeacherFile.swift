import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// What the original model says after each token of the calibration text, on disk: while the quantized
/// model is tuned, the original need not be in memory.
struct TeacherFile: Sendable {
    private let path: String
    private let tensor: CheckpointTensor
    private let vocabulary: Int
    /// Where each sequence begins, in places that are learned, and where the last one ends.
    private let starts: [Int]
    /// The original's own ends where its logits are formed anew; nil where their largest are kept.
    private let ends: ModelEnds?
    private let execution: Execution

    /// Opens a file that was written for these sequences.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - sequences: The text.
    ///   - configuration: The original's.
    ///   - count: How many probabilities are kept for each token; nil if the residual stream is.
    ///   - ends: The original's, where its logits are formed anew.
    ///   - execution: How logits are formed.
    /// - Throws: ``ResumeError/damaged(_:)`` if it does not fit them.
    init(
        _ path: String,
        sequences: [TuningSequence],
        _ configuration: ModelConfiguration,
        count: Int?,
        ends: ModelEnds?,
        _ execution: Execution
    ) throws {
        self.path = path
        vocabulary = configuration.vocabularySize
        tensor = try Checkpoint(path).tensor(named: Self.tensorName)
        starts = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.places.count) }
        guard tensor.type == .dtype(.f32),
            tensor.shape == [starts[sequences.count], Self.width(configuration, count: count)]
        else { throw ResumeError.damaged(path) }
        self.ends = ends
        self.execution = execution
    }

    private static let tensorName = "teacher"

    /// How many floats are kept for a token.
    private static func width(_ configuration: ModelConfiguration, count: Int?) -> Int {
        count.map { 2 * min($0, configuration.vocabularySize) } ?? configuration.hiddenSize
    }

    /// Takes the sequences through the original, and keeps what it says at each place that is learned.
    ///
    /// For `count` tokens of the largest probability their indices, then the probabilities; if `count` is
    /// nil the residual stream, from which all logits can be formed.
    static func write(
        _ path: String,
        of teacher: OpenModel,
        sequences: [TuningSequence],
        count: Int?,
        _ execution: Execution,
        progress: ProgressHandler
    ) throws {
        let configuration = try teacher.configuration()
        let width = width(configuration, count: count)
        let places = sequences.reduce(0) { $0 + $1.places.count }
        guard let plan = TensorPlan(name: tensorName, dtype: .f32, shape: [places, width]) else {
            throw QuantizationPlanError.tensorTooLarge
        }
        var writer = try SafetensorsWriter(path, tensors: [plan])
        let blocks = configuration.layerCount
        // Whether something is learned behind each token.
        let learned = sequences.flatMap { sequence in
            var learned = [Bool](repeating: false, count: sequence.tokens.count)
            for place in sequence.places { learned[place] = true }
            return learned
        }
        var passed = 0
        try forEachFinalStream(
            of: sequences.map(\.tokens),
            through: teacher,
            configuration,
            storage: ActivationMemory(),
            execution,
            progress: { progress(Progress("asking the original", $0 + 1, of: blocks + 1)) },
            body: { ends, hidden in
                guard hidden.elements.allSatisfy(\.isFinite) else {
                    throw TuningError.teacherNotFinite(teacher.path)
                }
                let rows = (0..<hidden.rows).filter { learned[passed + $0] }
                passed += hidden.rows
                let hidden = hidden.gathered(rows: rows)
                guard let count else {
                    try writer.write(hidden.elements.byteArray)
                    return
                }
                try ends.forEachLogits(hidden, execution) { _, logits in
                    let largest = LargestProbabilities(
                        ofLogits: logits,
                        count: count,
                        threads: execution.threads
                    )
                    guard largest.values.allSatisfy(\.isFinite) else {
                        throw TuningError.teacherNotFinite(teacher.path)
                    }
                    try writer.write(largest.rowsOfFloats.byteArray)
                }
            }
        )
        progress(Progress("asking the original", blocks + 1, of: blocks + 1))
        _ = try writer.finish()
    }

    /// The divergence of a model from the original on some sequences, by their indices.
    func loss(of indices: [Int], weight: Float) throws -> TokenLoss {
        let width = tensor.shape[1]
        let floats = try tensor.withBytes { bytes in
            indices.flatMap { index in
                let range = starts[index] * width * 4..<starts[index + 1] * width * 4
                return [Float](copying: bytes.extracting(range)) ?? []
            }
        }
        guard floats.allSatisfy(\.isFinite) else { throw ResumeError.damaged(path) }
        let kept = Matrix(rows: floats.count / width, columns: width, elements: floats)
        guard let ends else {
            for row in 0..<kept.rows {
                let indices = kept.elements[row * width..<row * width + width / 2]
                guard indices.allSatisfy({ 0 <= $0 && $0 < Float(vocabulary) }) else {
                    throw ResumeError.damaged(path)
                }
            }
            return .divergence(weight: weight) { rows in
                LargestProbabilities(rowsOfFloats: kept.rows(rows))
            }
        }
        return .divergence(weight: weight) { rows in
            ends.logits(kept.rows(rows), execution)
        }
    }
}

extension LargestProbabilities {
    /// Each row's indices, then its values.
    ///
    /// Floats hold indices below 2²⁴ exactly.
    fileprivate var rowsOfFloats: [Float] {
        (0..<rows).flatMap { row in
            let range = row * count..<(row + 1) * count
            return indices[range].map(Float.init) + values[range]
        }
    }

    fileprivate init(rowsOfFloats matrix: Matrix) {
        let count = matrix.columns / 2
        var (indices, values) = ([Int32](), [Float]())
        for row in 0..<matrix.rows {
            let start = row * matrix.columns
            indices += matrix.elements[start..<start + count].map { Int32($0) }
            values += matrix.elements[start + count..<start + 2 * count]
        }
        self.init(count: count, indices: indices, values: values)
    }
}
