import Testing

@testable import OctavoQuantizer

/// Sequences of all lengths, dealt out in steps.
@Suite
struct TuningBatchTests {
    private func text(_ lengths: [Int]) -> TuningText {
        TuningText(
            lengths.map { TuningSequence([Int](repeating: 1, count: $0), places: [$0 - 1]) },
            heldOutShare: 0.1,
            seed: 3
        )
    }

    @Test(arguments: [10, 64, 100, 1000])
    func fillsSteps(tokens: Int) {
        let lengths = (0..<40).map { 2 + ($0 * 29) % 61 }
        let text = text(lengths)
        var batches = TuningBatches(text, tokens: tokens)
        var all: [Int] = []
        var before: Int?
        for _ in 0..<60 {
            let batch = batches.next()
            let sum = batch.reduce(0) { $0 + lengths[$1] }
            #expect(batch.count == 1 || sum <= tokens)
            // As much as fits: the sequence behind did not.
            if let before { #expect(before + lengths[batch[0]] > tokens) }
            before = sum
            all += batch
        }
        // Each epoch has every sequence that is learned from once, in an order of its own.
        let learned = lengths.count - text.heldOut.count
        let epochs = stride(from: 0, to: all.count - learned, by: learned).map {
            Array(all[$0..<$0 + learned])
        }
        for epoch in epochs {
            #expect(Set(epoch).count == learned && Set(epoch).isDisjoint(with: text.heldOut))
        }
        if epochs.count > 1 { #expect(epochs[0] != epochs[1]) }

        // Steps that an earlier run made are passed over to the same ones.
        var again = TuningBatches(text, tokens: tokens)
        for _ in 0..<17 { _ = again.next() }
        var once = TuningBatches(text, tokens: tokens)
        let seventeen = (0..<18).map { _ in once.next() }
        #expect(again.next() == seventeen[17])
    }

    @Test("places are counted through all sequences of a step")
    func countsPlaces() {
        let text = TuningText(
            [
                TuningSequence([1, 2, 3], places: [0, 2]), TuningSequence([4, 5]),
                TuningSequence([6, 7, 8, 9], places: [1]),
            ],
            heldOutShare: 0.1,
            seed: 0
        )
        #expect(text.rows(of: [2, 0]) == [1, 4, 6])
        #expect(text.placeCount(of: [2, 0]) == 3)
        #expect(text.rows(of: [1]) == nil && text.placeCount(of: [1]) == 2)
        #expect(text.sequences[0].successors == [2, nil])
        #expect(text.sequences[2].successors == [8])
    }
}
