import ArgumentParser
import OctavoModel

/// How tokens are drawn.
struct SamplingOptions: ParsableArguments {
    @Option(help: "0 always takes the likeliest token; 1 draws from the model's own distribution.")
    var temperature = 0.0

    @Option(help: "Draw only from the so many likeliest tokens.")
    var topK: Int?

    @Option(help: "Draw only from the likeliest tokens that together have this share, as in 0.95.")
    var topP = 1.0

    @Option(
        help:
            "Drop tokens less likely than this share of the likeliest one's probability, as in 0.05."
    )
    var minP = 0.0

    @Option(help: "Above 1, tokens that are in the text already become less likely, as in 1.1.")
    var repetitionPenalty = 1.0

    @Option(help: "How many of the last tokens that counts for; by default all.")
    var repetitionWindow: Int?

    @Option(help: "The seed of what is drawn.")
    var seed = 0

    /// The options as a rule.
    ///
    /// - Throws: `ValidationError` that names the option.
    func rule() throws -> SamplingRule {
        do throws(SamplingError) {
            return try SamplingRule(
                temperature: temperature,
                topK: topK,
                topP: topP,
                minP: minP,
                repetitionPenalty: repetitionPenalty,
                repetitionWindow: repetitionWindow
            )
        } catch {
            guard case .invalid(let name, let found, let expected) = error else { throw error }
            let option = name.replacing("_", with: "-")
            throw ValidationError("--\(option) is \(found), expected \(expected)")
        }
    }

    func validate() throws {
        _ = try rule()
        guard seed >= 0 else { throw ValidationError("--seed is \(seed), expected at least 0") }
    }
}
