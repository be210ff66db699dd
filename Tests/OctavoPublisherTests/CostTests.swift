import OctavoBase
import OctavoModel
@testable import OctavoPublisher
import OctavoQuantizer
import OctavoTestSupport
import Testing

/// What is known of a quantization before it begins.
@Suite
struct CostTests {
    private let rate = MachineRate(
        products: 6e10,
        passes: 5e10,
        solving: 3e10,
        searching: 2e10,
        bytes: 1e9
    )

    private func configuration(_ change: (inout TinyModel) -> Void = { _ in }) throws
        -> ModelConfiguration
    {
        var model = TinyModel()
        change(&model)
        return try ModelConfiguration(json: model.config)
    }

    private func request(_ scheme: String = "2x8g8") throws -> QuantizationRequest {
        QuantizationRequest(
            scheme: try #require(Scheme(scheme)),
            text: .files([]),
            tokens: 4096,
            sequenceLength: 128,
            threads: 1
        )
    }

    /// By hand, for two blocks of width 64: codes of 2 bytes a group of 8, 2 · 256 · 8 halves of codebooks and a half
    /// a row in each of 14 linears; everything else as halves.
    @Test
    func artifactBytesByHand() throws {
        let cost = try estimateCost(of: configuration(), request(), rate: rate)
        let shapes = [(64, 64), (32, 64), (32, 64), (64, 64), (128, 64), (128, 64), (64, 128)]
        let linears = shapes.reduce(0) { $0 + $1.0 * $1.1 / 8 * 2 + 2 * 256 * 8 * 2 + $1.0 * 2 }
        let rest = 2 * (258 * 64 + 64 + 2 * 2 * 64)
        #expect(cost.artifactBytes == 2 * linears + rest)
    }

    /// Three times all weights in two bytes, and once more what stays.
    @Test
    func bytesReadByHand() throws {
        let cost = try estimateCost(of: configuration(), request(), rate: rate)
        let linears = 2 * (2 * 64 * 64 + 2 * 32 * 64 + 3 * 64 * 128)
        let rest = 258 * 64 + 64 + 2 * 2 * 64
        #expect(cost.bytesRead == 2 * (3 * (linears + rest) + rest))
        let single = try estimateCost(of: configuration(), request(), weightBytes: 4, rate: rate)
        #expect(single.bytesRead == 2 * cost.bytesRead)
    }

    @Test("More of anything costs more, and a faster machine takes less")
    func costGrows() throws {
        func seconds(
            _ change: (inout QuantizationRequest) -> Void = { _ in },
            model: (inout TinyModel) -> Void = { _ in }
        ) throws -> Double {
            var request = try request()
            change(&request)
            return try estimateCost(of: configuration(model), request, rate: rate).cpuSeconds
        }
        let base = try seconds()
        #expect(base > 0)
        #expect(try seconds({ $0.tokens *= 2 }) > base)
        #expect(try seconds({ $0.effort = .max }) > base)
        #expect(try seconds({ $0.effort = .quick }) < base)
        #expect(try seconds({ $0.blockTuningEpochs = 2 }) > base)
        #expect(try seconds({ $0.text = .selfWritten }) > base)
        #expect(try seconds({ $0.targets = .weights }) < base)
        #expect(try seconds(model: { $0.layers = 4 }) > base)
        #expect(try seconds(model: { $0.experts = 4 }) > base)
        var fast = rate
        (fast.solving, fast.searching) = (2 * rate.solving, 2 * rate.searching)
        let faster = try estimateCost(of: configuration(), request(), rate: fast)
        let slower = try estimateCost(of: configuration(), request(), rate: rate)
        func layers(_ cost: QuantizationCost) -> Double {
            cost.parts.first { $0.name == "quantizing layers" }?.cpuSeconds ?? .nan
        }
        #expect(layers(faster) < layers(slower))
        #expect(slower.parts.map(\.cpuSeconds).reduce(0, +) == slower.cpuSeconds)
    }

    @Test("A group that does not divide a layer is named")
    func refusesIndivisibleGroups() throws {
        #expect(throws: QuantizationPlanError.self) {
            try estimateCost(of: configuration(), request("1x8g24"), rate: rate)
        }
    }

    /// The numbers of parameters that the models' own pages and papers state, to the last one.
    @Test(
        "weights are counted from a configuration alone",
        arguments: [
            ("llama-2-7b", 6_738_415_616), ("llama-2-13b", 13_015_864_320),
            ("llama-2-70b", 68_976_648_192), ("mixtral-8x7b", 46_702_792_704),
        ]
    )
    func countsWeights(name: String, count: Int) throws {
        let path = packageRoot + "/Benchmarks/configurations/\(name)/config.json"
        let configuration = try ModelConfiguration(json: JSON(parsing: readFile(path)))
        let weights = ModelWeights(configuration, quantized: { _ in true })
        #expect(weights.all == count)
        let request = try request()
        let tasks = try estimateTasks(of: configuration, request, rate: rate)
        #expect(tasks.map(\.phase) == [.hessian, .block, .merge])
        #expect(tasks.map(\.count) == [2, configuration.layerCount, 1])
        let whole = try estimateCost(of: configuration, request, rate: rate)
        // Two bits a weight, and embedding and head as halves.
        let ends = 2 * 2 * 32000 * configuration.hiddenSize
        #expect(abs(Double(whole.artifactBytes - ends) / Double(count) - 0.25) < 0.02)
        let all = tasks.reduce(0) { $0 + Double($1.count) * $1.cpuSeconds }
        var independent = request
        independent.targets = .independent
        let single = try estimateCost(of: configuration, independent, rate: rate).cpuSeconds
        #expect(all > 0.95 * single && all < 1.25 * single)
    }
}
