import OctavoBase
import OctavoPublisher
import Testing

@Suite("Progress in words and events")
struct ProgressTests {
    private let layer = Progress(
        "quantizing",
        16,
        of: 210,
        work: 0.0625,
        layer: .init(block: 2, blocks: 30, name: "mlp.up_proj", relativeLoss: 0.0523)
    )

    @Test("a layer, in words and as an event")
    func tellsLayers() throws {
        #expect(
            layer.line(secondsLeft: 243.2)
                == "quantizing  block 3 of 30  mlp.up_proj  loss 5.23 %  about 4 min 04 s left"
        )
        #expect(
            layer.event(secondsLeft: 243.24)
                == .object([
                    "event": "layer", "stage": "quantizing", "block": 2, "blocks": 30,
                    "layer": "mlp.up_proj", "relative_loss": .number(0.0523), "restored": false,
                    "work": .number(0.0625), "eta_seconds": .number(243.2),
                ])
        )
        let kept = Progress(
            "quantizing",
            1,
            of: 7,
            layer: .init(block: 0, blocks: 1, name: "mlp.up_proj", relativeLoss: nil)
        )
        #expect(kept.line(secondsLeft: nil) == "quantizing  block 1 of 1  mlp.up_proj  kept")
        #expect(kept.event(secondsLeft: nil)["restored"] == true)
        #expect(kept.event(secondsLeft: nil)["relative_loss"] == nil)
    }

    @Test("pieces and bytes, in words and as events")
    func tellsCounts() {
        let windows = Progress("evaluating", 3, of: 60, detail: "perplexity 12.1")
        #expect(windows.line(secondsLeft: nil) == "evaluating  3/60  perplexity 12.1")
        #expect(windows.event(secondsLeft: nil)["work"] == .number(0.05))
        let file = Progress("downloading a", 1_500_000, of: 3_000_000, unit: .bytes)
        #expect(file.line(secondsLeft: 2) == "downloading a  1.5 MB of 3.0 MB  about 2 s left")
        #expect(file.event(secondsLeft: 2)["unit"] == "bytes")
        #expect(Progress("loading", 0, of: 1).line(secondsLeft: nil) == "loading")
    }

    @Test("a share of the work is one", arguments: [(-1.0, 0.0), (2, 1), (.nan, 0), (0.5, 0.5)])
    func clampsWork(given: Double, kept: Double) {
        #expect(Progress("a", 0, of: 0, work: given).work == kept)
        #expect(Progress("a", 0, of: 0).work == 0)
    }
}

@Suite("The time that is left")
struct RemainingTimeTests {
    @Test("at an even speed it is the rest of the work over the speed")
    func foretellsEvenWork() throws {
        var time = RemainingTime(at: 100)
        for step in 1...50 { time.advance(to: Double(step) / 200, at: 100 + Double(step)) }
        // A quarter is done in 50 seconds; no fading changes an even speed.
        #expect(abs(try #require(time.seconds) - 150) < 1e-6)
    }

    @Test("work that an earlier run did says nothing about speed")
    func ignoresRestoredWork() throws {
        var time = RemainingTime(at: 0)
        time.advance(to: 0.5, at: 0.1, isRestored: true)
        #expect(time.seconds == nil)
        time.advance(to: 0.6, at: 10.1)
        #expect(abs(try #require(time.seconds) - 40) < 1e-6)
    }

    @Test("it follows when the work becomes harder, and is not shaken by one step")
    func followsSpeed() throws {
        var time = RemainingTime(at: 0)
        for step in 1...100 { time.advance(to: Double(step) * 0.001, at: Double(step)) }
        let calm = try #require(time.seconds)
        // One step takes five times as long: among the 50 seconds that are remembered, four more than
        // were due; the estimate grows by less than a fifth.
        time.advance(to: 0.101, at: 105)
        let shaken = try #require(time.seconds)
        #expect(shaken > calm && shaken < 1.2 * calm)
        // All steps take five times as long: the estimate comes within a quarter of the new truth.
        for step in 1...300 {
            time.advance(to: 0.101 + Double(step) * 0.001, at: 105 + 5 * Double(step))
        }
        let truth = (1 - 0.401) / 0.001 * 5
        #expect(abs(try #require(time.seconds) - truth) < truth / 4)
    }

    @Test("it tells nothing before it knows, nor at the end")
    func staysSilent() {
        var time = RemainingTime(at: 0)
        #expect(time.seconds == nil)
        time.advance(to: 0, at: 10)
        #expect(time.seconds == nil)
        time.advance(to: 0.1, at: 11)
        #expect(time.seconds != nil)
        time.advance(to: 1, at: 12)
        #expect(time.seconds == nil)
        // A clock that stands still, and work that seems to shrink.
        time.advance(to: 0.5, at: 12)
        #expect(time.seconds == nil)
    }
}
