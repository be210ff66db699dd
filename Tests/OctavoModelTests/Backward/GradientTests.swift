import Foundation
import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoTestSupport
import Testing

/// Gradients of whole models: against PyTorch's autograd, and against differences of the same
/// mathematics in Double.
@Suite
struct GradientTests {
    @Test(
        .enabled(if: Shared.isHere),
        arguments: ["llama", "llama3-rope-tied", "qwen3", "gemma2", "phi3", "mixtral"]
    )
    func agreesWithAutograd(name: String) throws {
        let folder = try SafetensorsFolder(Shared.path("golden/models/" + name))
        let golden = separatingExperts(
            try storedTensors(inFile: Shared.path("golden/gradients/\(name).safetensors"))
        )
        let model = try LanguageModel(folder: folder)
        let tokens = folder.tokens
        let teacher = Matrix(
            rows: tokens.count,
            columns: model.configuration.vocabularySize,
            elements: try #require(golden["teacher_logits"]?.floats)
        )
        let (loss, gradients) = try model.gradients(
            of: .divergence(weight: 1 / Float(tokens.count)) { teacher.selecting($0) },
            tokens: tokens,
            layout: BatchLayout(lengths: [tokens.count]),
            Execution(threads: 2)
        )
        let expected = try #require(golden["kl"]?.floats?.first)
        // The reference sums in float32.
        #expect(abs(loss - Double(expected)) < 1e-5 * Double(expected))
        let found = gradients.named(model.configuration)
        let names = golden.keys.filter { $0.hasPrefix("grad.") }
        #expect(Set(names) == Set(found.keys.map { "grad." + $0 }))
        for (name, values) in found {
            let expected = try #require(golden["grad." + name]?.floats)
            let distance = normDistance(values, expected.map(Double.init))
            // Two float32 implementations that sum in different orders: 2e-5 at most was seen. What
            // a wrong term would do is of the order of 1.
            #expect(distance < 5e-5, "\(name)")
        }
    }

    /// Traces that are kept save a pass, and change no bit.
    @Test(arguments: Fixture.families)
    func keptTracesChangeNothing(name: String) throws {
        let folder = try Fixture.family(name)
        let model = try LanguageModel(folder: folder)
        let layout = BatchLayout(lengths: [folder.tokens.count])
        func gradients(_ traces: Int) throws -> (loss: Double, named: [String: [Float]]) {
            let (loss, gradients) = try model.gradients(
                of: .successors(of: folder.tokens, layout: layout),
                tokens: folder.tokens,
                layout: layout,
                traces: traces,
                Execution(threads: 2)
            )
            return (loss, gradients.named(model.configuration))
        }
        let expected = try gradients(0)
        for traces in 1...model.configuration.layerCount {
            let found = try gradients(traces)
            #expect(found.loss == expected.loss)
            #expect(found.named == expected.named)
        }
    }

    /// Every family against autograd: by norms and three projections of each parameter's gradient, which
    /// hardly any wrong gradient has in common with the right one.
    @Test(arguments: Fixture.families)
    func familiesAgreeWithAutograd(name: String) throws {
        let folder = try Fixture.family(name)
        let model = try LanguageModel(folder: folder)
        let layout = BatchLayout(lengths: [folder.tokens.count])
        let gradients = try model.gradients(
            of: .successors(
                of: folder.tokens,
                layout: layout,
                weight: 1 / Float(folder.tokens.count - 1)
            ),
            tokens: folder.tokens,
            layout: layout,
            Execution(threads: 2)
        ).gradients.named(model.configuration)
        let golden = try #require(folder.golden["gradients"]?.object)
        #expect(Set(golden.map(\.key)) == Set(gradients.keys))
        for (name, gradient) in gradients {
            let expected = (golden[name]?.array ?? []).compactMap(\.number)
            try #require(expected.count == 4)
            var found = [norm(gradient.map(Double.init))]
            for k in [1.0, 2, 3] {
                found.append(
                    gradient.enumerated().reduce(0) {
                        $0 + Double($1.1) * sin(k * Double($1.0) + k)
                    }
                )
            }
            // The sine has a norm of about √(count / 2); two float32 implementations.
            let size = expected[0] * Double(gradient.count).squareRoot()
            #expect(abs(found[0] - expected[0]) < 5e-5 * expected[0], "\(name)")
            for (a, b) in zip(found, expected).dropFirst() {
                #expect(abs(a - b) < 5e-5 * size, "\(name)")
            }
        }
    }

    /// Biases, shared heads, heads wider than the residual, tied and untied heads; sequences of
    /// different lengths, one of them a single token.
    @Test(arguments: Fixture.names)
    func agreesWithDifferences(name: String) throws {
        let folder = try Fixture.folder(name)
        let model = try LanguageModel(folder: folder)
        let lengths = [13, 1, 9]
        let tokens = Array(folder.tokens[..<23])
        let logits = ElementwiseNoise.matrix(23, model.configuration.vocabularySize, seed: 5)
        let (loss, gradients) = try model.gradients(
            of: .divergence(weight: 0.25) { logits.selecting($0) },
            tokens: tokens,
            layout: BatchLayout(lengths: lengths),
            Execution(threads: 2)
        )
        var reference = try ReferenceModel(model.configuration, from: folder)
        func referenceLoss() -> Double {
            var (first, loss) = (0, 0.0)
            for length in lengths {
                let student = reference.logits(Array(tokens[first..<first + length]))
                for (row, student) in student.enumerated() {
                    let t = logProbabilities(logits.row(first + row).map(Double.init))
                    let s = logProbabilities(student)
                    loss += zip(t, s).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
                }
                first += length
            }
            return 0.25 * loss
        }
        #expect(abs(loss - referenceLoss()) < 1e-5 * loss)

        let found = gradients.named(model.configuration)
        #expect(Set(found.keys) == Set(reference.parameters.keys))
        var generator = SeededGenerator(seed: 9)
        for (name, gradient) in found.sorted(by: { $0.key < $1.key }) {
            let values = try #require(reference.parameters[name])
            #expect(values.count == gradient.count)
            let direction = values.map { _ in generator.nextUnit() - 0.5 }
            let step = 1e-5
            func shifted(_ by: Double) -> Double {
                reference.parameters[name] = zip(values, direction).map { $0 + by * $1 }
                return referenceLoss()
            }
            let expected = (shifted(step) - shifted(-step)) / (2 * step)
            reference.parameters[name] = values
            let slope = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
            let size = norm(gradient.map(Double.init)) * norm(direction)
            // As a share of the largest slope that a direction of this length could have, of which
            // rounding, pointing nowhere in particular, moves a small part: 4e-7 was seen.
            #expect(abs(slope - expected) < 5e-6 * size, "\(name)")
        }
    }

    @Test
    func successorsHaveTheSlopeOfTextLoss() throws {
        let folder = try Fixture.folder(Fixture.names[1])
        var model = try LanguageModel(folder: folder)
        let tokens = Array(folder.tokens[..<20])
        let layout = BatchLayout(lengths: [12, 8])
        let (loss, gradients) = try model.gradients(
            of: .successors(of: tokens, layout: layout),
            tokens: tokens,
            layout: layout
        )
        func textLoss() throws -> Double {
            try model.ends.textLoss(
                model.hidden(for: tokens, layout: layout),
                tokens: tokens,
                layout: layout,
                Execution()
            ).total
        }
        #expect(abs(try textLoss() - loss) < 1e-5 * loss)
        // Along the gradient itself the slope is its squared norm.
        let gradient = try #require(gradients.blocks[0].norms[.feedForwardInput])
        let before = try #require(model.blocks[0][norm: .feedForwardInput])
        func shifted(_ by: Float) throws -> Double {
            model.blocks[0][norm: .feedForwardInput] = zip(before, gradient).map { $0 + by * $1 }
            return try textLoss()
        }
        let squared = gradient.reduce(0) { $0 + Double($1) * Double($1) }
        let step = Float(0.01 / squared.squareRoot())
        let slope = (try shifted(step) - shifted(-step)) / (2 * Double(step))
        // Losses of about 100 with a rounding error of 1e-5, over a difference of about 0.1.
        #expect(abs(slope - squared) < 2e-3 * squared)
    }

    @Test
    func threadsAreNotSeen() throws {
        let folder = try Fixture.folder(Fixture.names[0])
        let model = try LanguageModel(folder: folder)
        let layout = BatchLayout(lengths: [25, 15])
        func gradients(_ threads: Int) throws -> [String: [Float]] {
            try model.gradients(
                of: .drawn(seed: 3),
                tokens: folder.tokens,
                layout: layout,
                Execution(threads: threads)
            ).gradients.named(model.configuration)
        }
        let once = try gradients(1)
        #expect(try gradients(3) == once)
        #expect(try gradients(3) == once)
    }
}

/// The norm of the difference over the norm of what is expected.
func normDistance(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    return norm(zip(found, expected).map { Double($0) - $1 }) / norm(expected)
}

func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

/// Numbers to test with.
enum ElementwiseNoise {
    static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        return Matrix(
            rows: rows,
            columns: columns,
            elements: (0..<rows * columns).map { _ in Float(generator.nextUnit() * 4 - 2) }
        )
    }
}

extension Matrix {
    /// Some rows.
    func selecting(_ rows: Range<Int>) -> Matrix {
        Matrix(
            rows: rows.count,
            columns: columns,
            elements: Array(elements[rows.lowerBound * columns..<rows.upperBound * columns])
        )
    }
}

extension ModelGradients {
    /// All gradients by the names that checkpoints give the parameters.
    func named(_ configuration: ModelConfiguration) -> [String: [Float]] {
        var named = [
            "model.embed_tokens.weight": ends.embedding?.elements ?? [],
            "model.norm.weight": ends.finalNorm,
        ]
        named["lm_head.weight"] = ends.head?.elements
        for (layer, block) in blocks.enumerated() {
            for (norm, weight) in block.norms {
                named[norm.path(layer: layer, in: configuration) ?? "\(norm)"] = weight
            }
            for (name, weight) in block.weights {
                named[name.path(layer: layer) + ".weight"] = weight.elements
            }
            if let router = block.router, let experts = configuration.experts {
                named[experts.routerPath(layer: layer) + ".weight"] = router.elements
            }
            for (name, bias) in block.biases { named[name.path(layer: layer) + ".bias"] = bias }
        }
        return named
    }
}
