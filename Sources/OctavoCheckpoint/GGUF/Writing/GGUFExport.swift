public import OctavoBase

/// A Hugging Face model as GGUF has it: the inverse of what reading a GGUF file does (W2, W3 of
/// formats/gguf.md).
public struct GGUFExport: Sendable {
    /// A tensor of the file, and what it is made of.
    public struct Tensor: Sendable {
        /// Its name in GGUF.
        public let name: String
        /// Its dimensions, slowest first.
        public let shape: [Int]
        /// The tensors that it consists of, one after the other, in Hugging Face's spelling: one, or one for
        /// each expert; none if the numbers are known.
        public let parts: [String]
        /// Numbers that the configuration gives.
        public let values: [Float]
        /// What is done to the numbers of each part.
        public let transform: GGUFTransform?
        /// Whether it is kept in 32 bits whatever the others are: norms, biases, routers.
        public let isPrecise: Bool
        /// Whether logits are products with it.
        public let isHead: Bool
    }

    /// The family's name in GGUF.
    public let architecture: String
    /// What the file says of the model, all but its tokenizer.
    public let metadata: [(key: String, value: GGUFField)]
    /// The tensors in the order of the file.
    public let tensors: [Tensor]

    /// Respells a model.
    ///
    /// - Parameters:
    ///   - config: Its configuration with nothing left to defaults: windows (`layer_types`), rotated
    ///     layers (`no_rope_layers`) and the scale of queries (`attention_scale`) stated for every family.
    ///   - shapes: Its tensors' shapes by name.
    /// - Throws: Why GGUF cannot say what the model is.
    public init(config: JSON, shapes: [(name: String, shape: [Int])]) throws(GGUFExportError) {
        let config = GGUFExportConfig(config)
        let kind = config.text("model_type") ?? ""
        guard let family = GGUFFamily.all.first(where: { $0.modelType == kind }) else {
            throw .unsupportedFamily(kind)
        }
        let numbers = try GGUFHyperparameters(config, of: family)
        try config.refuseInexpressible(family, numbers)
        architecture = family.architecture
        var list = GGUFExportTensors(
            family,
            numbers,
            vocabulary: try config.count("vocab_size"),
            shapes: shapes
        )
        let rope = try config.rope(family, numbers)
        metadata =
            try numbers.fields(family) + config.fields(family, numbers)
            + rope.fields.map { (family.architecture + "." + $0.key, $0.value) }
        try list.addAll(isTied: config.flag("tie_word_embeddings"), config)
        tensors =
            rope.tensors.map { name, values in
                Tensor(
                    name: name,
                    shape: [values.count],
                    parts: [],
                    values: values,
                    transform: nil,
                    isPrecise: true,
                    isHead: false
                )
            } + list.tensors
    }
}

/// The tensors of a model, collected in the order of the file.
struct GGUFExportTensors {
    private let family: GGUFFamily
    private let numbers: GGUFHyperparameters
    private let vocabulary: Int
    private let shapes: [UTF8Key: [Int]]
    private var used: Set<UTF8Key> = []
    private(set) var tensors: [GGUFExport.Tensor] = []

    init(
        _ family: GGUFFamily,
        _ numbers: GGUFHyperparameters,
        vocabulary: Int,
        shapes: [(name: String, shape: [Int])]
    ) {
        self.family = family
        self.numbers = numbers
        self.vocabulary = vocabulary
        self.shapes = Dictionary(
            shapes.map { (UTF8Key($0.name), $0.shape) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    private func isThere(_ name: String) -> Bool { shapes[UTF8Key(name)] != nil }

    /// Takes all tensors of the family, and refuses others.
    mutating func addAll(isTied: Bool, _ config: GGUFExportConfig) throws(GGUFExportError) {
        let (embedding, norm, head) = (
            [GGUFModule].ends[0], [GGUFModule].ends[1], [GGUFModule].ends[2]
        )
        // Which a model may leave out whose head is the embedding.
        let hasHead = isThere("lm_head.weight") && !isTied
        guard hasHead || isTied else { throw .missingTensor("lm_head.weight") }
        guard !hasHead || !family.isAlwaysTied else {
            throw .inexpressible("has a head of its own beside the embedding")
        }
        guard hasHead || !family.isNeverTied else {
            throw .inexpressible("has no head of its own beside the embedding")
        }
        guard modules.count == family.modules.count || numbers.layers >= family.layersWithOptional
        else { throw .inexpressible("norms queries and keys in so few layers") }
        try add(embedding, .weight, isHead: !hasHead)
        for layer in 0..<numbers.layers {
            for module in modules {
                try add(module, .weight, layer)
                if isBiased(module) { try add(module, .bias, layer) }
            }
        }
        try add(norm, .weight)
        if hasHead { try add(head, .weight, isHead: true) }
        if isTied { used.insert(UTF8Key("lm_head.weight")) }
        // Old checkpoints hold the frequencies of rotations, which follow from the configuration.
        let stray = shapes.keys.filter {
            !used.contains($0) && !$0.text.hasSuffix(".rotary_emb.inv_freq")
        }
        if let name = stray.map(\.text).min(by: precedes) { throw .unknownTensor(name) }
    }

    /// The family's modules, and those that this model has beyond.
    private var modules: [GGUFModule] {
        guard let more = family.optional?.modules,
            more.contains(where: {
                isThere(GGUFPlace(module: $0, part: .weight, layer: 0).huggingFaceName())
            })
        else { return family.modules }
        return family.modules + more
    }

    /// Whether a module has a bias in every layer: as the family has it, or as the first layer shows.
    private func isBiased(_ module: GGUFModule) -> Bool {
        if family.biased.contains(module.name) { return true }
        let group = family.biasFlags.values.first { $0.contains(module.name) } ?? []
        return family.modules.contains {
            group.contains($0.name)
                && isThere(GGUFPlace(module: $0, part: .bias, layer: 0).huggingFaceName())
        }
    }

    private mutating func add(
        _ module: GGUFModule,
        _ part: GGUFPlace.Part,
        _ layer: Int? = nil,
        isHead: Bool = false
    ) throws(GGUFExportError) {
        let place = GGUFPlace(module: module, part: part, layer: layer)
        let experts = module.isOfExperts ? numbers.experts : nil
        let shape = place.shape.map { numbers.length(of: $0) ?? vocabulary }
        let expected = experts == nil ? shape : Array(shape.dropFirst())
        let parts = (0..<(experts ?? 1)).map {
            place.huggingFaceName(expert: experts == nil ? nil : $0)
        }
        for name in parts {
            guard let found = shapes[UTF8Key(name)] else { throw .missingTensor(name) }
            guard found == expected else {
                throw .badShape(tensor: name, found: found, expected: expected)
            }
            used.insert(UTF8Key(name))
        }
        let prefix = layer.map { "blk.\($0)." } ?? ""
        tensors.append(
            GGUFExport.Tensor(
                name: prefix + module.name + (part == .bias ? ".bias" : ".weight"),
                shape: shape,
                parts: parts,
                values: [],
                transform: transform(of: place, in: family, numbers),
                isPrecise: shape.count == 1 || module.name.hasSuffix("norm")
                    || module.name == "ffn_gate_inp",
                isHead: isHead
            )
        )
    }
}
