import OctavoBase
import OctavoModel
@testable import OctavoPublisher
import OctavoQuantizer
import OctavoTestSupport
import Testing

@Suite("A tuning keeps the activations of as many blocks as there is room for")
struct TuningMemoryTests {
    private static func request(_ place: Workplace) throws -> TuningRequest {
        let text = joined(place.path, "text.txt")
        let words = (0..<600).map { "word\($0 * $0 % 97)" }
        try write(["text.txt": Array(words.joined(separator: " ").utf8)], to: place.path)
        var request = TuningRequest(files: [text], threads: 2)
        (request.tokens, request.sequenceLength) = (256, 16)
        (request.options.steps, request.options.batchTokens) = (3, 64)
        return request
    }

    private static func plan(_ place: Workplace, _ request: TuningRequest) throws -> TuningPlan {
        let (model, teacher) = (try OpenModel(place.folded), try OpenModel(place.model))
        return try TuningPlan(model, model.configuration(), teacher.configuration(), request)
    }

    @Test
    func roomDecidesHowMany() async throws {
        try await withModels { place in
            var request = try Self.request(place)
            request.memory = 0
            let least = try Self.plan(place, request)
            #expect(least.traces == 0)
            request.memory = 8_000_000_000
            let most = try Self.plan(place, request)
            let blocks = try OpenModel(place.model).configuration().layerCount
            #expect(most.traces == blocks)
            // Four bytes for each float of 64 tokens.
            let configuration = try OpenModel(place.model).configuration()
            let each =
                4 * 64
                * (4 * configuration.hiddenSize + 2 * configuration.queryWidth
                    + 2 * configuration.keyValueWidth + 3 * configuration.intermediateSize)
            #expect(most.total == least.total + blocks * each)
            for count in 0...blocks {
                for (more, expected) in [(0, count), (each - 1, count), (each, count + 1)] {
                    request.memory = least.total + count * each + more
                    #expect(try Self.plan(place, request).traces == min(blocks, expected))
                }
            }
        }
    }

    /// What is kept is what would be computed once more.
    @Test
    func memoryChangesNoByte() async throws {
        try await withModels { place in
            var request = try Self.request(place)
            var tensors: [[UInt8]?] = []
            request.memory = 0
            let least = try Self.plan(place, request).total
            for (index, memory) in [least, 8_000_000_000].enumerated() {
                request.memory = memory
                let output = joined(place.path, "tuned\(index)")
                let (model, teacher) = (try OpenModel(place.folded), try OpenModel(place.model))
                _ = try tune(model, towards: teacher, to: output, request)
                tensors.append(try contents(of: output)["model.safetensors"])
            }
            #expect(tensors[0] != nil)
            #expect(tensors[0] == tensors[1])
        }
    }
}
