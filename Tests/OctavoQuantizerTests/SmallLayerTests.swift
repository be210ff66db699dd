import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import Testing

@Suite
struct SmallLayerTests {
    /// Schemes of all kinds on a layer where many have more entries than the layer has groups.
    @Test(arguments: [
        "1x1g4", "1x2g4", "1x4g8", "1x8g8", "1x12g8", "2x4g4", "2x8g16", "2x3g32", "3x4g8",
        "4x8g16",
        "5x2g4", "6x1g8", "1x16g4", "2x11g8", "3x12g16", "7x3g32", "8x4g8", "8x8g32", "1x10g32",
    ])
    func everyScheme(_ text: String) throws {
        var generator = SeededGenerator(seed: 7)
        let scheme = try #require(Scheme(text))
        let weight = randomMatrix(24, 64, deviation: 0.05, &generator)
        let hessian = randomHessian(64, &generator)
        let metric = try InputMetric(hessian: hessian, groupSize: scheme.groupSize)
        let (layer, report) = try quantize(weight: weight, metric: metric, scheme: scheme)
        #expect(layer.scheme == scheme && layer.outputs == 24 && layer.inputs == 64)
        #expect(report.relativeLoss < 1)
        let loss = relativeLoss(layer, weight, hessian)
        #expect(abs(loss - report.relativeLoss) < 1e-3 * loss + 1e-6)
        for value in layer.codebooks + layer.scales {
            #expect(Half.widen(Half.narrow(value)) == value)
        }
        expectFallingLosses(report)
    }

    /// Fewer rows than threads, and shares that differ in length.
    @Test("rows may be shared by any number of threads", arguments: [2, 3, 40])
    func threadsShareRows(_ threads: Int) throws {
        var generator = SeededGenerator(seed: 7)
        let scheme = try #require(Scheme("2x4g4"))
        let weight = randomMatrix(24, 64, deviation: 0.05, &generator)
        let hessian = randomHessian(64, &generator)
        let metric = try InputMetric(hessian: hessian, groupSize: scheme.groupSize)
        var options = LayerQuantizerOptions()
        let one = try quantize(weight: weight, metric: metric, scheme: scheme, options: options)
        options.threads = threads
        let (layer, report) = try quantize(
            weight: weight,
            metric: metric,
            scheme: scheme,
            options: options
        )
        let loss = relativeLoss(layer, weight, hessian)
        #expect(abs(loss - report.relativeLoss) < 1e-3 * loss + 1e-6)
        // Sums in another order move some codes: seeds differ by a twentieth in a layer this small.
        #expect(loss < 1.1 * one.report.relativeLoss)
        expectFallingLosses(report)
        let again = try quantize(weight: weight, metric: metric, scheme: scheme, options: options)
        #expect(again.layer == layer)
    }

    @Test(arguments: ["1x8g1", "2x8g2", "2x8g64"])
    func groupSizesThatAreNotQuantized(_ text: String) throws {
        let scheme = try #require(Scheme(text))
        var generator = SeededGenerator(seed: 7)
        let metric = try InputMetric(
            hessian: randomHessian(64, &generator),
            groupSize: scheme.groupSize
        )
        #expect(throws: QuantizationError.unsupportedGroupSize(scheme.groupSize)) {
            try quantize(weight: Matrix(rows: 4, columns: 64), metric: metric, scheme: scheme)
        }
    }

    /// The smallest shapes there are.
    @Test(arguments: [(1, 8), (1, 16), (2, 8), (3, 8)])
    func tinyLayers(outputs: Int, inputs: Int) throws {
        var generator = SeededGenerator(seed: 8)
        let weight = randomMatrix(outputs, inputs, &generator)
        let hessian = randomHessian(inputs, &generator)
        let metric = try InputMetric(hessian: hessian, groupSize: 8)
        for text in ["1x8g8", "2x8g8"] {
            let scheme = try #require(Scheme(text))
            let (layer, report) = try quantize(weight: weight, metric: metric, scheme: scheme)
            // Each group may have an entry of its own, so only half precision is lost.
            #expect(report.relativeLoss < 1e-6)
            #expect(relativeLoss(layer, weight, hessian) < 1e-6)
        }
    }

    /// Weights made of sixteen different groups fit a codebook of 256.
    @Test(arguments: ["1x8g4", "2x6g4"])
    func weightsThatFit(_ text: String) throws {
        var generator = SeededGenerator(seed: 9)
        let vectors = randomMatrix(16, 4, &generator)
        var weight = Matrix(rows: 40, columns: 64)
        for row in 0..<40 {
            // All rows hold the same groups in another order, so they have the same norm.
            for (group, vector) in Array(0..<16).shuffled(using: &generator).enumerated() {
                for i in 0..<4 { weight[row, 4 * group + i] = vectors[vector, i] }
            }
        }
        let metric = try InputMetric(hessian: randomHessian(64, &generator), groupSize: 4)
        let scheme = try #require(Scheme(text))
        let report = try quantize(weight: weight, metric: metric, scheme: scheme).report
        // What is left is that entries and scales are rounded to 11 bits.
        #expect(report.relativeLoss < 0x1p-22)
    }

    @Test
    func dependsOnSeedAlone() async throws {
        var generator = SeededGenerator(seed: 10)
        let weight = randomMatrix(32, 64, &generator)
        let metric = try InputMetric(hessian: randomHessian(64, &generator), groupSize: 8)
        let scheme = try #require(Scheme("2x4g8"))
        let once = try quantize(weight: weight, metric: metric, scheme: scheme)
        // Again, several at the same time.
        let again = await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask { try? quantize(weight: weight, metric: metric, scheme: scheme) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(again.count == 4)
        for result in again {
            #expect(result?.layer == once.layer)
            #expect(result?.report == once.report)
        }
        var options = LayerQuantizerOptions()
        options.seed = 1
        let other = try quantize(
            weight: weight,
            metric: metric,
            scheme: scheme,
            options: options
        )
        #expect(other.layer != once.layer)
    }

    /// No option value breaks anything.
    @Test
    func leastEffort() throws {
        var generator = SeededGenerator(seed: 11)
        let weight = randomMatrix(16, 32, &generator)
        let metric = try InputMetric(hessian: randomHessian(32, &generator), groupSize: 8)
        var options = LayerQuantizerOptions()
        (options.rounds, options.refinements, options.sweeps, options.beam) = (0, 0, 0, 0)
        (options.hypotheses, options.refinementHypotheses, options.continuations) = (0, 0, 0)
        options.refinedInputs = 0
        (options.solverSteps, options.clusteringPasses) = (0, 0)
        let result = try quantize(
            weight: weight,
            metric: metric,
            scheme: try #require(Scheme("3x3g8")),
            options: options
        )
        #expect(result.report.sweeps == 0)
        #expect(result.report.relativeLoss < 1)
    }
}
