import OctavoModel
@testable import OctavoQuantizer
import OctavoTestSupport
import Testing

@Suite("Sequences travel in batches, and learn in slices of them")
struct StreamsTests {
    @Test(
        arguments: [
            // The lengths of sequences, tokens a batch and a slice; lengths in each slice of each batch.
            ([4, 4, 4, 4], 8, 4, [[[4], [4]], [[4], [4]]]),
            ([4, 4, 4], 8, 8, [[[4, 4]], [[4]]]),
            ([3, 5, 2, 2], 100, 6, [[[3, 5], [2, 2]]]),
            ([9], 2, 2, [[[9]]]),
            ([1, 1, 1], 1, 100, [[[1]], [[1]], [[1]]]),
        ] as [([Int], Int, Int, [[[Int]]])]
    )
    func cutsWholeSequences(
        lengths: [Int],
        batchTokens: Int,
        sliceTokens: Int,
        expected: [[[Int]]]
    ) throws {
        let source = try TinySource(.small)
        let sequences = lengths.enumerated().map { [Int](repeating: $0, count: $1) }
        let streams = try Streams(
            sequences,
            batchTokens: batchTokens,
            ModelEnds(configuration: source.configuration, from: source),
            ActivationMemory(),
            [.quantized]
        )
        #expect(streams.batches.flatMap(\.tokens) == sequences.flatMap(\.self))
        let slices = streams.slices(tokens: sliceTokens)
        let found = streams.batches.map { batch in
            slices.filter { $0.batch.index == batch.index }.map(\.layout.lengths)
        }
        #expect(found == expected)
        // Each row of a batch is in one slice.
        for batch in streams.batches {
            let rows = slices.filter { $0.batch.index == batch.index }.flatMap { Array($0.rows) }
            #expect(rows == Array(0..<batch.tokens.count))
        }
    }
}
