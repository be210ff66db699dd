import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import OctavoTestSupport
import Testing

@Suite
struct TuningTests {
    /// The gain is what counts: rounded products find nearly all of it.
    @Test
    func precisions() throws {
        let pair = try TuningPair(sequences: 24)
        let single = try pair.tune(pair.tuner())
        let bfloat = try pair.tune(pair.tuner { $0.precision = .bfloat })
        let before = try #require(single.course.first?.loss)
        #expect(single.loss < before)
        #expect((bfloat.course.made != single.course.made) == hasBfloatProducts)
        #expect(abs(bfloat.loss - single.loss) < 0.2 * (before - single.loss))
    }

    /// With nothing held out but two sequences that are learned from too, a model of few parameters
    /// learns what the original says of its text by heart.
    @Test
    func overfits() throws {
        let pair = try TuningPair("2x4g8", sequences: 2)
        let doubled = TuningText(
            pair.sequences + pair.sequences + pair.sequences + pair.sequences,
            heldOutShare: 0.25,
            seed: 0
        )
        var options = TuningOptions()
        (options.steps, options.batchTokens, options.stepsPerEvaluation) = (400, 48, 50)
        (options.learningRate, options.codeLearningRate) = (0.02, 0.03)
        (options.patience, options.updatesEmbeddings) = (100, true)
        let tuner = ModelTuner(doubled, options: options, execution: Execution(threads: 2))
        var model = try TunableModel(pair.student, updatesEmbeddings: true, threads: 2)
        let result = try tuner.run(
            &model,
            journal: MemoryTuningJournal(),
            loss: { try pair.loss($0.map { $0 % 2 }, $1) },
            progress: { _ in }
        )
        let before = try #require(result.course.first?.loss)
        #expect(result.loss < 0.1 * before, "\(before) to \(result.loss)")
    }

    @Test(arguments: TuningOptions.Update.allCases, Optimizer.allCases)
    func comesCloserOnTextItDidNotSee(update: TuningOptions.Update, optimizer: Optimizer) throws {
        let pair = try TuningPair()
        var changed = 0
        let tuner = pair.tuner {
            ($0.update, $0.optimizer, $0.codeLearningRate) = (update, optimizer, 0.2)
            $0.codeShare = 0.05
        }
        let result = try pair.tune(tuner) { event in
            if case .step(let course) = event { changed += course.made.last?.changedGroups ?? 0 }
        }
        let before = try #require(result.course.first?.loss)
        // Codes alone, chosen a few times after a few hundred tokens, need not help on other text; then the
        // model stays as it was.
        #expect(update == .codes ? result.loss <= before : result.loss < before)
        let layers = result.model.layers
        for (name, layer) in try TunableModel(pair.student, threads: 2).layers {
            let tuned = try #require(layers[name])
            if update == .codebooks { #expect(tuned.codes == layer.codes) }
            if update == .codes {
                #expect(tuned.codebooks == layer.codebooks)
                #expect(tuned.scales == layer.scales)
            }
            // As they are stored.
            for value in tuned.codebooks + tuned.scales {
                #expect(Half.widen(Half.narrow(value)) == value)
            }
        }
        #expect((changed > 0) == (update != .codebooks))
    }

    /// A sequence of 24 tokens a step, each of which passes one of eight experts: not every step has tokens
    /// for all of them.
    ///
    /// Codebooks alone: codes, chosen after so few tokens, need not help on other text.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func expertsLearnFromTheTokensThatPassThem(seed: UInt64) throws {
        var model = TinyModel.small
        (model.experts, model.seed) = (8, seed)
        let pair = try TuningPair(of: model)
        let result = try pair.tune(
            pair.tuner {
                ($0.update, $0.batchTokens, $0.steps, $0.patience) = (.codebooks, 24, 24, 10)
            }
        )
        let before = try #require(result.course.first?.loss)
        #expect(result.loss < before)
    }

    /// In a step no more groups change than may, and together no further than the trust ratio says; but
    /// some do, also where those that are farthest from their goal have no better codes (seeds 2 and 3).
    @Test(
        arguments: [(0.02, nil), (0.02, 0.05), (1, 0.02)] as [(Double, Double?)],
        [1, 2, 3] as [UInt64]
    )
    func changesFewCodes(_ bounds: (share: Double, trustRatio: Double?), seed: UInt64) throws {
        let (share, trustRatio) = bounds
        var tiny = TinyModel.small
        tiny.seed = seed
        let pair = try TuningPair(of: tiny)
        let tuner = pair.tuner {
            ($0.update, $0.steps, $0.warmupSteps, $0.patience) = (.codes, 1, 1, 5)
            ($0.codeLearningRate, $0.codeShare, $0.trustRatio) = (0.5, share, trustRatio)
        }
        // The state after the step, whether it was good or not.
        let journal = MemoryTuningJournal()
        _ = try pair.tune(tuner, journal: journal)
        var changedAtAll = false
        for (path, before) in try TunableModel(pair.student, threads: 2).layers {
            let parts = path.split(separator: ".")
            let name = "\(parts[2]).\(parts[3]).\(parts[4])"
            let key = try #require(
                journal.state.codes.keys.first {
                    $0.hasPrefix("\(parts[2]).") && $0.hasSuffix("\(parts[4]).codes")
                },
                "\(name)"
            )
            let codes = try #require(journal.state.codes[key])
            let count = before.scheme.codebooks
            let groups = codes.count / count
            let changed = (0..<groups).count { group in
                (group * count..<(group + 1) * count).contains { codes[$0] != before.codes[$0] }
            }
            changedAtAll = changedAtAll || changed > 0
            #expect(changed <= Int((share * Double(groups)).rounded(.up)))
            guard let trustRatio, changed > 1 else { continue }
            let after = try AdditiveLayer(
                scheme: before.scheme,
                outputs: before.outputs,
                inputs: before.inputs,
                codes: codes,
                codebooks: before.codebooks,
                scales: before.scales
            )
            let (old, new) = (before.dequantized().elements, after.dequantized().elements)
            let norm = old.reduce(0.0) { $0 + Double($1) * Double($1) }
            let moved = zip(old, new).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            // Sums of single precision, on either side.
            #expect(moved <= trustRatio * trustRatio * norm * (1 + 1e-4))
        }
        #expect(changedAtAll)
    }

    /// A run that ends at some step and is taken up goes as one run goes.
    @Test(arguments: TuningOptions.StraightThrough.allCases, [0, 4, 8])
    func goesOnWhereItWas(straightThrough: TuningOptions.StraightThrough, steps: Int) throws {
        let pair = try TuningPair()
        let tuner = pair.tuner {
            ($0.straightThrough, $0.codeLearningRate, $0.codeShare) = (straightThrough, 0.1, 0.05)
            $0.updatesEmbeddings = true
        }
        let whole = try pair.tune(tuner)
        let journal = MemoryTuningJournal()
        var made = 0
        let part = try pair.tune(
            tuner,
            journal: journal,
            progress: { if case .step = $0 { made += 1 } },
            shouldStop: { made == steps + 2 }
        )
        #expect(part.end == .stopped)
        // What was reached is measured, whenever it is.
        #expect(journal.course?.steps == steps + 2)
        let rest = try pair.tune(tuner, journal: journal)
        // Other tests change the number of BLAS threads meanwhile, and with it last bits; that all bits
        // are the same is tested in processes of their own.
        func isNear(_ a: [Double], _ b: [Double]) -> Bool {
            a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 * $1 }
        }
        #expect(isNear(rest.course.training, whole.course.training))
        let extra = rest.course.evaluations.filter { $0.step != steps + 2 }
        #expect(isNear(extra.map(\.loss), whole.course.evaluations.map(\.loss)))
        #expect(rest.loss <= whole.loss * (1 + 1e-4))
    }

    /// Steps of a size that destroys the model: what it was before is what is left.
    @Test
    func keepsTheBestOfADivergingRun() throws {
        let pair = try TuningPair()
        let result = try pair.tune(pair.tuner { $0.learningRate = 50 })
        #expect(result.end == .diverged)
        #expect(result.course.best?.step == 0)
        #expect(try result.model.layers == TunableModel(pair.student, threads: 2).layers)
        #expect(result.loss == result.course.first?.loss)
    }

    @Test
    func endsWithoutGain() throws {
        let pair = try TuningPair()
        let result = try pair.tune(
            pair.tuner {
                ($0.learningRate, $0.codeLearningRate) = (1, 1e-9)
                ($0.update, $0.patience, $0.steps) = (.codes, 2, 100)
            }
        )
        #expect(result.end == .noGain)
        #expect(result.course.steps < 100)
    }

    /// A state of another model, with a hole, or with codes beyond the codebook.
    @Test(arguments: ["missing", "short", "code", "infinite"])
    func refusesAStateThatDoesNotFit(lie: String) throws {
        let pair = try TuningPair()
        let journal = MemoryTuningJournal()
        var made = 0
        _ = try pair.tune(
            pair.tuner(),
            journal: journal,
            progress: { if case .step = $0 { made += 1 } },
            shouldStop: { made == 5 }
        )
        let floats = try #require(journal.state.floats.keys.first { $0.hasSuffix(".scales") })
        let codes = try #require(journal.state.codes.keys.first)
        switch lie {
        case "missing": journal.state.floats[floats] = nil
        case "short": journal.state.floats[floats]?.removeLast()
        case "code": journal.state.codes[codes]?[0] = 16
        default: journal.state.floats[floats]?[0] = .infinity
        }
        let part = lie == "code" ? codes : floats
        #expect(throws: StateError.part(part)) {
            _ = try pair.tune(pair.tuner(), journal: journal)
        }
    }
}

@Suite
struct TuningTextTests {
    @Test(arguments: [(2, 0.5), (10, 0.05), (10, 0.3), (97, 0.1)])
    func holdsOutAShare(count: Int, share: Double) {
        let text = TuningText(
            (0..<count).map { TuningSequence([$0, $0]) },
            heldOutShare: share,
            seed: 1
        )
        #expect(text.heldOut.count == max(1, Int(Double(count) * share)))
        #expect(Set(text.heldOut).count == text.heldOut.count)
        #expect(text.heldOut.allSatisfy { (0..<count).contains($0) })
    }
}
