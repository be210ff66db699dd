import OctavoBase
import OctavoModel
import OctavoNumerics

/// How far two ways of computing the same logits may differ, relative to the logits' spread.
///
/// They add the same numbers in another order, which in float32 and thirty blocks was measured to
/// differ by less than a tenth of this.
private let inferenceTolerance = 1e-3

/// How far logits through tables may be from those through formed weights, likewise.
///
/// Tables hold numbers of 16 bits: a product is off by some 2e-4 of its norm, and the largest difference of a
/// million logits behind thirty blocks was measured to be a fifth of this. What is looked up wrongly is off by
/// as much as logits differ among themselves.
private let lookupTolerance = 5e-2

private func toleranceText(_ tolerance: Double) -> String {
    ", where \(scientific(tolerance)) may be"
}

/// The text on which a model is compared with its teacher: what the teacher writes, from another seed
/// than calibration uses.
private let comparison = (sequences: 8, length: 256, seed: UInt64(0x6F63_7461_766F))

/// Runs a model: through its quantized layers and through the weights they stand for, on the recorded
/// probe, and against its teacher.
func checkInference(
    _ model: OpenModel,
    _ record: ArtifactRecord?,
    _ request: VerificationRequest,
    _ report: inout VerificationReport,
    _ progress: @escaping ProgressHandler
) throws {
    setBLASThreads(request.threads)
    progress(Progress("loading", 0, of: 1))
    let language: LanguageModel
    do { language = try model.inferenceModel(threads: request.threads) } catch {
        return report.add(.behaviour, "inference", .failed, "the model cannot be loaded: \(error)")
    }
    if model.aqlm != nil {
        let tokens = probeTokens(record, language.configuration)
        let difference = try evaluationDifference(language, tokens, threads: request.threads)
        // Wider codes have no tables.
        let tolerance = (model.scheme?.bits ?? 16) <= 8 ? lookupTolerance : inferenceTolerance
        report.add(
            .behaviour,
            "quantized layers",
            difference <= tolerance ? .passed : .failed,
            "logits differ from those of the dense model by \(scientific(difference)) of their spread"
                + toleranceText(tolerance)
        )
    }
    if let record, !record.probe.isEmpty {
        let differences = try record.probe.map {
            try replayDifference(of: $0, on: language, threads: request.threads)
        }
        report.add(
            .behaviour,
            "probe",
            differences.allSatisfy { $0 <= inferenceTolerance } ? .passed : .failed,
            "\(record.probe.count) recorded answers, replayed within "
                + "\(scientific(differences.max() ?? .infinity)) of the logits' spread"
                + toleranceText(inferenceTolerance)
        )
    } else {
        report.add(.behaviour, "probe", .skipped, "none is recorded")
    }
    guard let teacher = request.teacher else { return }
    let original = try teacher.inferenceModel(threads: request.threads)
    let windows = try sequences(
        writtenBy: teacher,
        count: comparison.sequences,
        length: min(comparison.length, original.configuration.contextLength),
        seed: comparison.seed,
        threads: request.threads,
        progress: progress
    )
    report.evaluation = try evaluate(
        language,
        on: windows,
        named: "written by the original",
        teacher: original,
        threads: request.threads,
        progress: progress
    )
}

/// Tokens to try a model with: the first recorded probe's, else the first tokens of the vocabulary.
private func probeTokens(_ record: ArtifactRecord?, _ configuration: ModelConfiguration) -> [Int] {
    let recorded = record?.probe.first?.tokens ?? []
    let isUsable =
        recorded.count <= configuration.contextLength
        && recorded.allSatisfy { $0 < configuration.vocabularySize }
    return isUsable && !recorded.isEmpty
        ? recorded : Array(0..<min(16, configuration.vocabularySize))
}

/// The largest difference between logits through tables and through dequantized weights, relative to
/// their spread.
private func evaluationDifference(
    _ model: LanguageModel,
    _ tokens: [Int],
    threads: Int
) throws -> Double {
    func logits(_ evaluation: LinearLayer.Evaluation) throws -> [Float] {
        try model.logits(for: tokens, Execution(threads: threads, evaluation: evaluation)).elements
    }
    let (quantized, dense) = (try logits(.lookup), try logits(.dequantized))
    return relativeDifference(quantized, dense, spread: spread(dense))
}

/// A small number for people, as in "3e-6".
private func scientific(_ value: Double) -> String {
    guard value > 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    var exponent = 0
    var mantissa = value
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    return decimal(mantissa, digits: 1) + (exponent == 0 ? "" : "e\(exponent)")
}
