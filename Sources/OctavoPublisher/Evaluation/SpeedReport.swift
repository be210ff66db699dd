public import OctavoBase
public import OctavoModel
import OctavoNumerics

/// How fast a model reads and writes, and what memory that takes.
///
/// One sequence at a time: a prompt of ordinary tokens is read whole, and then tokens are added one by one, the
/// likeliest each time, the model's end tokens among them, so that every run does the same work.
public struct SpeedReport: Sendable, Equatable {
    /// How many tokens the prompt has.
    public var promptTokens: Int
    /// How many tokens were added.
    public var addedTokens: Int
    /// How often it was done; the figures are medians.
    public var runs: Int
    /// Tokens of the prompt a second.
    public var promptRate: Double
    /// Added tokens a second.
    public var decodingRate: Double
    /// The most bytes that the process had in memory from before the model was loaded to the end, mapped files
    /// among them; nil where the kernel does not say.
    public var peakMemory: Int?

    /// As it is written.
    public var json: JSON {
        .object([
            "prompt_tokens": .integer(promptTokens), "added_tokens": .integer(addedTokens),
            "runs": .integer(runs), "prompt_tokens_per_second": .number(promptRate),
            "decoded_tokens_per_second": .number(decodingRate),
            "peak_memory": peakMemory.map(JSON.integer) ?? .null,
        ])
    }

    /// Records a measurement.
    public init(
        promptTokens: Int,
        addedTokens: Int,
        runs: Int,
        promptRate: Double,
        decodingRate: Double,
        peakMemory: Int?
    ) {
        self.promptTokens = promptTokens
        self.addedTokens = addedTokens
        self.runs = runs
        self.promptRate = promptRate
        self.decodingRate = decodingRate
        self.peakMemory = peakMemory
    }

    /// Reads what ``json`` writes; nil if it is anything else.
    public init?(json: JSON) {
        guard let promptTokens = json["prompt_tokens"]?.integer, promptTokens > 0,
            let addedTokens = json["added_tokens"]?.integer, addedTokens > 0,
            let runs = json["runs"]?.integer, runs > 0,
            let promptRate = json["prompt_tokens_per_second"]?.number, promptRate > 0,
            let decodingRate = json["decoded_tokens_per_second"]?.number, decodingRate > 0,
            let memory = json["peak_memory"]
        else { return nil }
        let peak = memory.integer
        guard memory == .null || peak.map({ $0 > 0 }) == true else { return nil }
        self.init(
            promptTokens: promptTokens,
            addedTokens: addedTokens,
            runs: runs,
            promptRate: promptRate,
            decodingRate: decodingRate,
            peakMemory: peak
        )
    }
}

/// The work that is timed: long enough for a rate, short enough for a large model on a small machine.
private let work = (prompt: 128, added: 32, runs: 3)

/// Times a model.
///
/// - Parameters:
///   - model: The model, its quantized layers as they are stored.
///   - prompt: The tokens that are read; no more than the context leaves room for.
///   - added: The tokens that are written; at most half the context.
///   - threads: The threads that take part.
///   - progress: Told how many runs are done, and of how many.
/// - Returns: The figures, without memory.
/// - Throws: ``EvaluationError`` where the context has no room.
public func measureSpeed(
    of model: LanguageModel,
    prompt: Int? = nil,
    added: Int? = nil,
    threads: Int,
    progress: (Int, Int) -> Void
) throws -> SpeedReport {
    let configuration = model.configuration
    let added = min(added ?? work.added, configuration.contextLength / 2)
    let count = min(prompt ?? work.prompt, configuration.contextLength - added)
    guard added > 0, count > 0 else {
        throw EvaluationError.windowTooLong(2, context: configuration.contextLength)
    }
    // Which tokens they are hardly matters to the time; experts are chosen by them, so they are spread.
    var generator = SeededGenerator(seed: 0, stream: 1)
    let prompt = (0..<count).map { _ in
        Int.random(in: 0..<configuration.vocabularySize, using: &generator)
    }
    let execution = Execution(threads: threads)
    var (reading, writing): ([Double], [Double]) = ([], [])
    // The first run touches every page for the first time, and is not counted.
    for run in 0...work.runs {
        var state = DecodingState(
            configuration: configuration,
            sequences: 1,
            capacity: count + added
        )
        var sampler = Sampler(temperature: 0, seed: 0)
        let begun = ProcessTime().wall
        var logits = try model.extend(&state, with: [prompt], execution)
        let read = ProcessTime().wall
        for _ in 0..<added {
            logits = try model.extend(&state, with: [[sampler.next(logits, row: 0)]], execution)
        }
        let written = ProcessTime().wall
        progress(run, work.runs)
        guard run > 0 else { continue }
        reading.append(read - begun)
        writing.append(written - read)
    }
    func rate(_ tokens: Int, _ times: [Double]) -> Double {
        Double(tokens) / max(times.sorted()[times.count / 2], 1e-9)
    }
    return SpeedReport(
        promptTokens: count,
        addedTokens: added,
        runs: work.runs,
        promptRate: rate(count, reading),
        decodingRate: rate(added, writing),
        peakMemory: nil
    )
}
