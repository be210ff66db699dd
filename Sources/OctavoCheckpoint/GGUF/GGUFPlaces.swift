internal import OctavoBase

/// Where a tensor of a GGUF file belongs in its model.
struct GGUFPlace {
    enum Part: Equatable {
        case weight
        case bias
        /// The weight of one expert alone.
        case expert(Int)
    }

    let module: GGUFModule
    let part: Part
    /// The layer, or nil at the model's ends.
    let layer: Int?

    /// The name of a tensor made of what is here; `expert` picks one of a weight of all experts.
    func huggingFaceName(expert: Int? = nil) -> String {
        var module = module.huggingFace
        var expert = expert
        if case .expert(let number) = part { expert = number }
        if let expert, let star = module.firstIndex(of: "*") {
            module.replaceSubrange(star...star, with: "\(expert)")
        }
        let prefix = layer.map { "model.layers.\($0)." } ?? ""
        return "\(prefix)\(module).\(part == .bias ? "bias" : "weight")"
    }

    /// The dimensions it must have.
    var shape: ArraySlice<GGUFDimension> {
        switch part {
        case .weight: module.shape[...]
        case .bias: module.shape.prefix(1)
        case .expert: module.shape.dropFirst()
        }
    }
}

/// The places of a model's tensors, by their names in GGUF (M3).
struct GGUFPlaces {
    private(set) var byName: [UTF8Key: GGUFPlace] = [:]
    /// Whether there are biases, or optional modules, for each of the family's keys that say so.
    private(set) var biasFlags: [String: Bool] = [:]

    /// Finds a place for every tensor that the family has.
    ///
    /// - Throws: When one is missing; when only some of a group of biases are there. The time it
    ///   takes grows with the tensors that are there, not with the layers that the file claims.
    init(
        of family: GGUFFamily,
        _ numbers: GGUFHyperparameters,
        among names: Set<UTF8Key>
    ) throws(GGUFModelError) {
        func isThere(_ name: String) -> Bool { names.contains(UTF8Key(name)) }
        for module in [GGUFModule].ends where module.name != "output" || isThere("output.weight") {
            try add(module, .weight, as: module.name, among: names)
        }
        var modules = family.modules
        if let (flag, more) = family.optional {
            biasFlags[flag] = more.contains { isThere("blk.0.\($0.name).weight") }
            if biasFlags[flag] == true { modules += more }
        }
        for layer in 0..<numbers.layers {
            for module in modules {
                let name = "blk.\(layer).\(module.name)"
                if module.isOfExperts, !isThere(name + ".weight"),
                    isThere("blk.\(layer).\(module.name(ofExpert: 0)).weight")
                {
                    for expert in 0..<numbers.experts {
                        let name = "blk.\(layer).\(module.name(ofExpert: expert))"
                        try add(module, .expert(expert), layer, as: name, among: names)
                    }
                } else {
                    try add(module, .weight, layer, as: name, among: names)
                }
                if family.biased.contains(module.name) {
                    try add(module, .bias, layer, as: name, among: names)
                }
            }
        }
        for (flag, modules) in family.biasFlags {
            let found = (0..<numbers.layers).reduce(0) { sum, layer in
                sum + modules.count { isThere("blk.\(layer).\($0).bias") }
            }
            biasFlags[flag] = found > 0
            guard found > 0 else { continue }
            guard found == modules.count * numbers.layers else {
                throw .unsupportedFeature("biases in some of \(modules.joined(separator: ", "))")
            }
            for layer in 0..<numbers.layers {
                for module in family.modules where modules.contains(module.name) {
                    let name = "blk.\(layer).\(module.name)"
                    try add(module, .bias, layer, as: name, among: names)
                }
            }
        }
    }

    private mutating func add(
        _ module: GGUFModule,
        _ part: GGUFPlace.Part,
        _ layer: Int? = nil,
        as name: String,
        among names: Set<UTF8Key>
    ) throws(GGUFModelError) {
        let name = name + (part == .bias ? ".bias" : ".weight")
        guard names.contains(UTF8Key(name)) else { throw .missingTensor(name) }
        byName[UTF8Key(name)] = GGUFPlace(module: module, part: part, layer: layer)
    }
}
