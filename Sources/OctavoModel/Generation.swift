import OctavoBase
import OctavoNumerics

extension LanguageModel {
    /// Continues prompts of one length from the model's own distribution, all in lockstep.
    ///
    /// The text a model writes itself is calibration data that needs no corpus. Each sequence draws
    /// from a random stream of its own, so it does not depend on its neighbours.
    ///
    /// - Parameters:
    ///   - prompts: What each sequence begins with; all of one length, at least 1.
    ///   - length: The tokens of each sequence, the prompt included.
    ///   - temperature: 1 for the model's own distribution.
    ///   - seed: The same seed gives the same texts.
    ///   - execution: How the passes are carried out.
    ///   - progress: Called with the number of tokens that each sequence has so far.
    /// - Returns: `length` tokens for each prompt, or the prompts if they are as long.
    /// - Throws: ``TokenError``, or what `progress` throws.
    public func sampleText(
        prompts: [[Int]],
        length: Int,
        temperature: Double = 1,
        seed: UInt64,
        _ execution: Execution = Execution(),
        progress: (Int) throws -> Void = { _ in }
    ) throws -> [[Int]] {
        guard let begun = prompts.first?.count, begun < length else { return prompts }
        precondition(begun > 0 && prompts.allSatisfy { $0.count == begun })
        var texts = prompts
        var input = prompts
        var samplers = prompts.indices.map {
            Sampler(temperature: temperature, seed: seed, stream: UInt64($0))
        }
        var state = DecodingState(
            configuration: configuration,
            sequences: texts.count,
            capacity: length
        )
        for count in begun..<length {
            let logits = try extend(&state, with: input, execution)
            let drawn = parallelMap(texts.count, threads: execution.threads) { [samplers] index in
                var sampler = samplers[index]
                return (token: sampler.next(logits, row: index), sampler: sampler)
            }
            for (index, result) in drawn.enumerated() {
                texts[index].append(result.token)
                samplers[index] = result.sampler
                input[index] = [result.token]
            }
            try progress(count + 1)
        }
        return texts
    }

    /// Continues a prompt until a stop token, a limit, or the caller's word.
    ///
    /// - Parameters:
    ///   - prompt: At least one token.
    ///   - limit: The most tokens to add.
    ///   - stop: Tokens that end the text; they are not handed on.
    ///   - sampler: Chooses the tokens.
    ///   - execution: How the passes are carried out.
    ///   - onToken: Called with each new token; false ends the text.
    /// - Returns: The new tokens.
    /// - Throws: ``TokenError``, or what `onToken` throws.
    @discardableResult
    public func generate(
        after prompt: [Int],
        limit: Int,
        stop: Set<Int>,
        sampler: Sampler,
        _ execution: Execution = Execution(),
        onToken: (Int) throws -> Bool = { _ in true }
    ) throws -> [Int] {
        guard !prompt.isEmpty else { throw TokenError.tooFew(found: 0, needed: 1) }
        var sampler = sampler
        var state = DecodingState(
            configuration: configuration,
            sequences: 1,
            capacity: prompt.count + max(0, limit)
        )
        var tokens: [Int] = []
        var input = prompt
        while tokens.count < limit {
            let token = sampler.next(try extend(&state, with: [input], execution), row: 0)
            if stop.contains(token) { break }
            tokens.append(token)
            guard try onToken(token) else { break }
            input = [token]
        }
        return tokens
    }
}
