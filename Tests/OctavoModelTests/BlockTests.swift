import OctavoModel
import OctavoNumerics
import Testing

/// Blocks by themselves, as quantization streams them.
@Suite
struct BlockTests {
    @Test
    func blocksAloneInStepsEqualTheModel() throws {
        let folder = try Fixture.folder(Fixture.names[0])
        let configuration = try ModelConfiguration(json: folder.configuration)
        let layout = BatchLayout(lengths: [25, 15])
        let rotary = configuration.rotaryTables(lengths: layout.lengths)
        let execution = Execution(threads: 2)
        var hidden = try ModelEnds(configuration: configuration, from: folder).embed(folder.tokens)
        for layer in 0..<configuration.layerCount {
            let block = try DecoderBlock(configuration: configuration, layer: layer, from: folder)
            let attended = block.attended(
                block.attentionInput(hidden, execution),
                layout: layout,
                rotary: rotary,
                execution
            )
            block.add(.outputProjection, of: attended, to: &hidden, execution)
            let gated = block.gated(block.feedForwardInput(hidden, execution), execution)
            block.add(.downProjection, of: gated, to: &hidden, execution)
            let widths = [InputSite.attentionOutput, .feedForwardOutput].map {
                $0.width(in: configuration)
            }
            #expect([attended.columns, gated.columns] == widths)
            #expect(attended.rows == 40 && gated.rows == 40)
        }
        let model = try LanguageModel(folder: folder)
        // The same operations on the same machine, but for threads: bitwise.
        #expect(try model.hidden(for: folder.tokens, layout: layout) == hidden)
    }

    /// The first input is the normed embedding, by hand.
    @Test
    func stepsGiveTheInputs() throws {
        let folder = try Fixture.folder(Fixture.names[1])
        let configuration = try ModelConfiguration(json: folder.configuration)
        let block = try DecoderBlock(configuration: configuration, layer: 0, from: folder)
        let embedded = try ModelEnds(configuration: configuration, from: folder).embed([7])
        let squares = embedded.elements.reduce(0.0) { $0 + Double($1) * Double($1) }
        let root = (squares / Double(embedded.columns) + Double(configuration.normEpsilon))
            .squareRoot()
        let weight = try #require(block[norm: .attentionInput])
        let expected = zip(embedded.elements, weight).map {
            Double($0) / root * Double($1)
        }
        let found = block.attentionInput(embedded, Execution())
        // A handful of float32 roundings.
        #expect(relativeDistance(found.elements, expected) < 1e-6)

        // A single token attends to itself: its output is its value, repeated for each group.
        let value = product(
            found,
            transposed: false,
            block[.valueProjection].weight,
            transposed: true
        )
        let attended = block.attended(
            found,
            layout: BatchLayout(lengths: [1]),
            rotary: configuration.rotaryTables(lengths: [1]),
            Execution()
        )
        let d = configuration.headDimension
        let groups = configuration.headCount / configuration.keyValueHeadCount
        let repeated = (0..<configuration.headCount).flatMap { head in
            value.elements[head / groups * d..<(head / groups + 1) * d]
        }
        #expect(relativeDistance(attended.elements, repeated.map(Double.init)) < 1e-6)
    }

    @Test
    func linearsAreNamedAndShaped() throws {
        let model = try Fixture.model()
        #expect(LinearName.downProjection.path(layer: 3) == "model.layers.3.mlp.down_proj")
        #expect(
            InputSite.attentionInput.linears(in: model.configuration, layer: 0) == [
                .queryProjection, .keyProjection, .valueProjection,
            ]
        )
        let linears = model.configuration.linears(inLayer: 0)
        #expect(linears.count == 7)
        #expect(
            InputSite.allCases.flatMap { $0.linears(in: model.configuration, layer: 0) } == linears
        )
        for name in linears {
            let (outputs, inputs) = name.shape(in: model.configuration)
            #expect(model.blocks[1][name].outputs == outputs)
            #expect(model.blocks[1][name].inputs == inputs)
        }
    }

    @Test
    func replacedLinearsAreUsed() throws {
        var model = try Fixture.model()
        let before = try model.logits(for: [1, 2, 3])
        let (outputs, inputs) = LinearName.downProjection.shape(in: model.configuration)
        model.blocks[1][.downProjection] = .dense(Matrix(rows: outputs, columns: inputs))
        #expect(try model.logits(for: [1, 2, 3]) != before)
    }

    @Test(arguments: [
        (
            "model.norm.weight", [32, 1], Float(0),
            WeightError.shape(tensor: "model.norm.weight", found: [32, 1], expected: [32])
        ),
        (
            "model.layers.1.mlp.up_proj.weight", [32, 48], 0,
            .shape(
                tensor: "model.layers.1.mlp.up_proj.weight",
                found: [32, 48],
                expected: [48, 32]
            )
        ),
        (
            "model.layers.0.self_attn.q_proj.weight", [32, 32], .infinity,
            .notFinite(tensor: "model.layers.0.self_attn.q_proj.weight", index: 0)
        ),
        (
            "lm_head.weight", [96, 32], .nan, .notFinite(tensor: "lm_head.weight", index: 0)
        ),
    ])
    func wrongTensorsAreNamed(name: String, shape: [Int], first: Float, error: WeightError) throws {
        let folder = try Fixture.folder(Fixture.names[0])
        let source = Tampered(source: folder, name: name, shape: shape, first: first)
        let configuration = try ModelConfiguration(json: folder.configuration)
        #expect(throws: error) { try LanguageModel(configuration: configuration, from: source) }
    }
}

/// A source one of whose tensors is not what it should be.
private struct Tampered: WeightSource {
    let source: SafetensorsFolder
    let name: String
    let shape: [Int]
    let first: Float

    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        guard name == self.name else { return try source.tensor(name) }
        var elements = [Float](repeating: 0, count: shape.reduce(1, *))
        elements[0] = first
        return (shape, elements)
    }
}
