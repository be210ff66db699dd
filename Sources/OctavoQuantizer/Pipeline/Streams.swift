import OctavoModel
import OctavoNumerics

/// Some calibration sequences that go through a block together.
struct Batch {
    let index: Int
    let tokens: [Int]
    let layout: BatchLayout
}

/// The calibration tokens on their way through the model.
struct Streams {
    let batches: [Batch]
    let rotary: RotaryTables
    private let storage: any ActivationStorage

    /// Embeds the tokens: the beginning of every stream.
    ///
    /// - Parameters:
    ///   - sequences: The calibration text, each sequence by itself.
    ///   - batchTokens: About how many tokens make a batch.
    ///   - slice: Which batches take part, all by default; they are counted from 0 anew.
    ///   - ends: Where the embedding is.
    ///   - storage: Where the streams are kept.
    ///   - activations: Which streams there are.
    /// - Throws: ``TokenError`` if a token is not in the vocabulary, or what the storage throws.
    init(
        _ sequences: [[Int]],
        batchTokens: Int,
        slice: Range<Int>? = nil,
        _ ends: ModelEnds,
        _ storage: any ActivationStorage,
        _ activations: [Activation]
    ) throws {
        self.storage = storage
        rotary = ends.configuration.rotaryTables(lengths: sequences.map(\.count))
        let all = Self.batches(of: sequences, batchTokens: batchTokens)
        batches = all[slice ?? all.indices].enumerated().map { index, batch in
            Batch(index: index, tokens: batch.tokens, layout: batch.layout)
        }
        for activation in activations { try embed(ends, as: activation) }
    }

    /// Begins a stream, or begins it anew with another embedding.
    func embed(_ ends: ModelEnds, as activation: Activation) throws {
        for batch in batches {
            try storage.keep(ends.embed(batch.tokens), as: activation, batch: batch.index)
        }
    }

    /// Groups sequences so that each batch has about `batchTokens` tokens.
    static func batches(of sequences: [[Int]], batchTokens: Int) -> [Batch] {
        var batches: [Batch] = []
        var group: [[Int]] = []
        func flush() {
            guard !group.isEmpty else { return }
            let layout = BatchLayout(lengths: group.map(\.count))
            batches.append(
                Batch(index: batches.count, tokens: group.flatMap(\.self), layout: layout)
            )
            group = []
        }
        for sequence in sequences {
            group.append(sequence)
            if group.reduce(0, { $0 + $1.count }) >= batchTokens { flush() }
        }
        flush()
        return batches
    }

    /// The batches cut into smaller ones of whole sequences.
    ///
    /// - Parameter tokens: About how many tokens each has.
    /// - Returns: For each the batch that it is part of, its rows there, and its sequences.
    func slices(tokens: Int) -> [(batch: Batch, rows: Range<Int>, layout: BatchLayout)] {
        batches.flatMap { batch in
            var slices: [(batch: Batch, rows: Range<Int>, layout: BatchLayout)] = []
            var (start, lengths) = (0, [Int]())
            for (index, length) in batch.layout.lengths.enumerated() {
                lengths.append(length)
                let count = lengths.reduce(0, +)
                guard count >= tokens || index + 1 == batch.layout.lengths.count else { continue }
                slices.append((batch, start..<start + count, BatchLayout(lengths: lengths)))
                (start, lengths) = (start + count, [])
            }
            return slices
        }
    }

    func forEachBatch(_ body: (Batch) throws -> Void) rethrows {
        for batch in batches { try body(batch) }
    }

    func matrix(_ activation: Activation, _ batch: Batch) throws -> Matrix {
        try storage.matrix(activation, batch: batch.index)
    }

    func keep(_ matrix: Matrix, as activation: Activation, _ batch: Batch) throws {
        try storage.keep(matrix, as: activation, batch: batch.index)
    }

    /// Changes what is kept, and returns it.
    @discardableResult
    func update(
        _ activation: Activation,
        _ batch: Batch,
        _ change: (inout Matrix) throws -> Void
    ) throws -> Matrix {
        var matrix = try matrix(activation, batch)
        try change(&matrix)
        try keep(matrix, as: activation, batch)
        return matrix
    }

    /// How far a stream is from the original's: the mean over tokens of `‖h − h₀‖² / ‖h₀‖²`.
    func relativeError(threads: Int) throws -> Double {
        var sum = 0.0
        var count = 0
        try forEachBatch { batch in
            let goal = try matrix(.original, batch)
            let error = difference(goal, try matrix(.quantized, batch), threads: threads)
            let squares = rowDots(error, error, threads: threads)
            for (error, signal) in zip(squares, rowDots(goal, goal, threads: threads)) {
                sum += error / max(signal, .leastNormalMagnitude)
            }
            count += goal.rows
        }
        return sum / Double(max(1, count))
    }
}
