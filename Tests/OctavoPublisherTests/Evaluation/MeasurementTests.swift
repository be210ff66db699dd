import OctavoBase
@testable import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Measuring an artifact")
struct MeasurementTests {
    @Test("texts, samples, speed and memory are measured, and come back from JSON the same")
    func measuresAll() async throws {
        try await withModels { place in
            let text = joined(place.path, "text.txt")
            try AtomicFile.write(String(repeating: "the sea is wide. ", count: 20), to: text)
            let request = MeasurementRequest(
                texts: [text, text],
                windowLength: 32,
                windows: 3,
                maxTokens: 5,
                threads: 2
            )
            let measured = try measure(
                OpenModel(place.folded),
                original: OpenModel(place.model),
                request
            )
            #expect(measured.evaluations.count == 2)
            #expect(measured.evaluations.first == measured.evaluations.last)
            let report = try #require(measured.evaluations.first)
            #expect(report.windows == 3 && report.tokens == 96 && report.comparison != nil)
            #expect(report.json["stride"] == 32 && report.json["special_tokens"] == false)
            #expect(measured.samples.map(\.prompt) == GeneratedSample.defaultPrompts)
            #expect(
                measured.samples.allSatisfy { $0.tokens <= 5 && ($0.tokens == 5) != $0.isEnded }
            )
            let speed = try #require(measured.speed)
            #expect(speed.promptRate > 0 && speed.decodingRate > 0)
            // The kernel counts pages: the model alone has more than a hundred kilobytes.
            #expect(speed.peakMemory.map { $0 > 100_000 } ?? true)
            #expect(measured.machine.threads == 2 && !measured.machine.processor.isEmpty)
            #expect(measured.toolVersion == octavoVersion)

            let read = ArtifactMeasurements(
                json: try JSON(parsing: Array(measured.json.text().utf8))
            )
            #expect(read == measured)
            // Samples do not depend on what else is measured.
            let again = try measure(
                OpenModel(place.folded),
                MeasurementRequest(maxTokens: 5, measuresSpeed: false, threads: 1)
            )
            #expect(again.samples == measured.samples && again.speed == nil)
        }
    }

    @Test("each member that is missing or of another type makes the whole unreadable")
    func readsStrictly() throws {
        let whole = ArtifactMeasurements(
            evaluations: [
                EvaluationReport(
                    text: "t",
                    digest: Digest(of: ""),
                    windowLength: 8,
                    windows: 2,
                    perplexity: 3
                )
            ],
            tasks: [
                TaskReport(
                    name: "q",
                    digest: Digest(of: ""),
                    questions: 2,
                    score: TaskScore(right: 1, rightNormalized: 2, of: 2)
                )
            ],
            speed: SpeedReport(
                promptTokens: 1,
                addedTokens: 1,
                runs: 1,
                promptRate: 2,
                decodingRate: 3,
                peakMemory: nil
            ),
            samples: [GeneratedSample(prompt: "p", text: "t", tokens: 1, isEnded: false)],
            machine: MeasuringMachine(processor: "cpu", threads: 1)
        )
        #expect(ArtifactMeasurements(json: whole.json) == whole)
        let object = try #require(whole.json.object)
        for key in object.keys {
            var less = object
            less[key] = nil
            #expect(ArtifactMeasurements(json: .object(less)) == nil, "without \(key)")
            var other = object
            other[key] = .array([.bool(true)])
            #expect(ArtifactMeasurements(json: .object(other)) == nil, "another \(key)")
        }
        let text = whole.json.text()
        for (from, to) in [
            ("\"windows\": 2", "\"windows\": 0"), ("\"value\": 0.5", "\"value\": 1.5"),
            ("\"threads\": 1", "\"threads\": 0"), ("\"perplexity\": 3.0", "\"perplexity\": null"),
            ("\"peak_memory\": null", "\"peak_memory\": -1"), ("measurements/1", "measurements/2"),
        ] {
            let changed = text.replacing(from, with: to)
            try #require(changed != text, "\(from)")
            #expect(
                ArtifactMeasurements(json: try JSON(parsing: Array(changed.utf8))) == nil,
                "\(to)"
            )
        }
    }

    @Test("a prompt that leaves no room is refused before its text is made up")
    func refusesLongPrompts() async throws {
        try await withModels { place in
            let request = MeasurementRequest(
                prompts: [String(repeating: "x", count: 300)],
                measuresSpeed: false,
                threads: 1
            )
            #expect(throws: EvaluationError.promptTooLong(tokens: 300, context: 256)) {
                try measure(OpenModel(place.folded), request)
            }
        }
    }
}
