import OctavoBase
import OctavoPublisher

/// Facts of models that nobody made, for cards that can be read in one go.
enum CardFixture {
    /// 2 × 8 bits for 8 weights over 64 weights, 16-bit scales and codebooks, and 10 other weights.
    static let sizes = SizeBreakdown(
        tensors: [
            ("a.codes", [4, 2, 2], 16), ("a.codebooks", [2, 256, 1, 8], 8192),
            ("a.scales", [4, 1, 1, 1], 8), ("norm.weight", [10], 20),
        ],
        groupSize: 8
    )

    /// A card with the record alone.
    static func unmeasured() throws -> ModelCard {
        ModelCard(
            title: "Folded",
            record: try ArtifactRecord(parsing: Array(handWrittenRecord.utf8)),
            sizes: sizes
        )
    }

    /// A card with everything on it.
    static func measured() throws -> ModelCard {
        var card = try unmeasured()
        card.title = "Llama-Tiny-2x8g8"
        card.repository = "ada/Llama-Tiny-2x8g8"
        card.baseFacts = BaseModelFacts(
            repository: "meta/Llama-Tiny",
            revision: "0123456789abcdef0123456789abcdef01234567",
            licenses: ["llama3.2"],
            languages: ["en", "no"],
            tags: ["chat", "1.5", "no"],
            pipelineTag: "text-generation",
            isGated: true,
            licenseFiles: ["LICENSE.txt", "USE_POLICY.md"]
        )
        card.originalBytes = 20_480
        card.measurements = ArtifactMeasurements(
            evaluations: [
                EvaluationReport(
                    text: "wiki.txt",
                    digest: Digest(of: ""),
                    windowLength: 512,
                    windows: 60,
                    perplexity: 40.1239,
                    comparison: .init(
                        teacherPerplexity: 23.5,
                        divergence: 0.71234,
                        agreement: 0.654
                    )
                ),
                EvaluationReport(
                    text: "c4|no.txt",
                    digest: Digest(of: ""),
                    windowLength: 512,
                    windows: 10,
                    perplexity: 30.5
                ),
            ],
            tasks: [
                TaskReport(
                    name: "arc",
                    digest: Digest(of: ""),
                    questions: 100,
                    score: TaskScore(right: 40, rightNormalized: 42, of: 100),
                    original: TaskScore(right: 45, rightNormalized: 50, of: 100)
                )
            ],
            speed: SpeedReport(
                promptTokens: 128,
                addedTokens: 32,
                runs: 3,
                promptRate: 812.25,
                decodingRate: 21.5,
                peakMemory: 123_000_000
            ),
            samples: [
                GeneratedSample(
                    prompt: "def f(n):\n",
                    text: "  ```\n---\n  return n",
                    tokens: 8,
                    isEnded: false
                )
            ],
            machine: MeasuringMachine(processor: "A processor", threads: 2),
            toolVersion: "9.9.9"
        )
        card.variants = [
            CardVariant(
                name: "2x8g8",
                repository: "ada/Llama-Tiny-2x8g8",
                bytes: 8_236_000,
                bits: 2.2,
                perplexity: 40.1239,
                divergence: 0.71234,
                isThis: true
            ),
            CardVariant(
                name: "4x8g8",
                repository: "ada/Llama-Tiny-4x8g8",
                bytes: 16_000_000,
                bits: 4.3,
                perplexity: 25.25,
                divergence: 0.1
            ),
            CardVariant(name: "1x16g8", bytes: 8_000_000, bits: 2.1),
        ]
        card.snippets = [
            CardSnippet(
                runtime: "transformers",
                versions: "transformers 5.24.0, aqlm 1.1.7",
                code: "model = load(\"ada/Llama-Tiny-2x8g8\")",
                execution: .run("it wrote the first sample")
            ),
            CardSnippet(
                runtime: "octavo",
                language: "sh",
                code: "octavo generate hub:ada/Llama-Tiny-2x8g8"
            ),
        ]
        card.signature = CardSignature(fingerprint: "abcd", publicKey: "publisher.pem")
        card.changes = [
            CardChange(tag: "v2", text: "longer tuning"), CardChange(tag: "v1", text: "first"),
        ]
        card.sections = [
            CardSection(title: "For whom", text: "For tests.\n---\n# Not a title\n```\nopen")
        ]
        card.run = CardRun(
            seconds: 3700,
            peakMemory: 2_500_000_000,
            machine: MeasuringMachine(processor: "A processor", threads: 2)
        )
        card.toolCommit = "fedcba9"
        card.citations = ["@misc{tiny, title={Tiny}}"]
        return card
    }
}
