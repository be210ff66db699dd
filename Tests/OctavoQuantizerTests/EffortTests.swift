import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import Testing

@Suite
struct EffortTests {
    private let weight: Matrix
    private let metric: InputMetric

    init() throws {
        var generator = SeededGenerator(seed: 20)
        weight = randomMatrix(64, 96, deviation: 0.05, &generator)
        metric = try InputMetric(hessian: randomHessian(96, &generator), groupSize: 8)
    }

    /// Another seed gives another layer. (That the same one gives the same is tested on processes of their
    /// own: tests beside this one change how many threads BLAS has, and with it last bits.)
    @Test(arguments: Effort.allCases, ["1x4g8", "2x4g8", "3x3g8"])
    func seedsDiffer(effort: Effort, text: String) throws {
        let scheme = try #require(Scheme(text))
        let layers = try [3, 4].map { seed in
            try quantize(
                weight: weight,
                metric: metric,
                scheme: scheme,
                options: LayerQuantizerOptions(effort: effort, seed: seed)
            ).layer
        }
        #expect(layers[0] != layers[1])
    }

    /// More effort loses less, on average over seeds.
    @Test(arguments: ["1x4g8", "2x4g8"])
    func moreEffortLosesLess(_ text: String) throws {
        let scheme = try #require(Scheme(text))
        let losses = try [Effort.quick, .standard, .max].map { effort in
            try (0..<4).reduce(0) { sum, seed in
                try sum
                    + quantize(
                        weight: weight,
                        metric: metric,
                        scheme: scheme,
                        options: LayerQuantizerOptions(effort: effort, seed: seed)
                    ).report.relativeLoss
            }
        }
        #expect(losses[1] < losses[0] && losses[2] < losses[1], "\(losses)")
    }

    /// Each stage is told once, as it ends, with the loss that the report has for it.
    @Test
    func stagesAreObserved() throws {
        var seen: [(LayerReport.Stage, Double?)] = []
        let report = try quantize(
            weight: weight,
            metric: metric,
            scheme: try #require(Scheme("2x4g8"))
        ) { seen.append(($0, $1)) }.report
        #expect(seen.first?.0 == .clustering && seen.first?.1 == nil)
        #expect(seen.dropFirst().map(\.0) == report.stages.map(\.stage))
        #expect(seen.dropFirst().map(\.1) == report.stages.map(\.relativeLoss))
    }
}
