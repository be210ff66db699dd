internal import OctavoBase

/// What tells a family of models from the others: its names in GGUF and in the Hugging Face layout,
/// its tensors, and what its configuration says beyond what every family's says (M1, M3 to M5).
struct GGUFFamily: Sendable {
    /// GGUF's name for it.
    let architecture: String
    /// Hugging Face's `model_type`.
    let modelType: String
    /// The class of transformers that runs it.
    let className: String
    /// For one of several families with one architecture: the key that is above 0 in its files.
    var distinction: String?
    /// The tensors of each layer.
    let modules: [GGUFModule]
    /// Modules that are in every layer or in none, and the key of the configuration that says which.
    var optional: (flag: String, modules: [GGUFModule])?
    /// From how many layers on readers look for those.
    var layersWithOptional = 1
    /// Modules that have biases in every layer.
    var biased: [String] = []
    /// Keys of the configuration that say whether all of some modules have biases.
    var biasFlags: [String: [String]] = [:]
    /// Whether the rows of queries and keys are kept in the order of interleaved rotation.
    var interleavesHeads = false
    /// Whether norms' weights are kept one higher than Hugging Face has them.
    var raisesNorms = false
    /// Whether readers know of no head but the embedding.
    var isAlwaysTied = false
    /// Whether readers want a head beside the embedding.
    var isNeverTied = false
    /// What the configuration calls the number that is added to squares in norms, and what GGUF does.
    var epsilon = (name: "rms_norm_eps", key: "attention.layer_norm_rms_epsilon")
    /// Each layer of so many is not rotated at all; nil if all are.
    var unrotatedPeriod: Int?
    /// Whether a part of each head may be rotated.
    var rotatesParts = false
    /// How its positions may be scaled by tensors.
    var ropeTensors: GGUFRopeTensors?
    /// The base of the rotation in sliding layers, unless the file says otherwise; nil if all layers
    /// have the same.
    var slidingRopeBase: Double?
    /// How layers of sliding and of full attention alternate.
    var layers = Layers.unstated
    /// Whether the configuration has a key for that alternation's period, beside the list of all layers.
    var statesPeriod = false
    /// How many layers the one size has whose queries are scaled by the hidden size over the heads.
    ///
    /// The others' are scaled by the head size. Nil if the configuration does not say.
    var layersOfWideQueries: Int?
    /// What the configuration says of every model.
    var constants: [String: JSON] = [:]
    /// What the configuration takes from the metadata.
    var numbers: [Number] = []

    /// How layers of sliding and of full attention alternate.
    enum Layers: Sendable, Equatable {
        /// The configuration does not tell layers apart.
        case unstated
        /// All have full attention.
        case full
        /// The last of so many has full attention, unless the file says otherwise.
        case sliding(period: Int)
    }

    /// A key of the configuration and where its value comes from.
    struct Number: Sendable {
        enum Kind: Sendable {
            /// A whole number above 0.
            case count
            /// A number above 0.
            case positive
            /// A whole number; 0 means that there is none.
            case window
        }

        let name: String
        let key: String
        let kind: Kind
        /// What stands for the value if the key is absent; nil if it must be there.
        var absent: JSON?
    }

    /// Whether its layers have experts.
    var hasExperts: Bool { modules.contains(where: \.isOfExperts) }
}

extension GGUFFamily {
    /// The family of the model in a file.
    init(of metadata: GGUFMetadata) throws(GGUFModelError) {
        let kind = metadata.string("general.type") ?? "model"
        guard kind == "model" else { throw .unsupportedFeature("a file of type \"\(kind)\"") }
        let architecture = metadata.string("general.architecture") ?? ""
        let family = GGUFFamily.all.first { family in
            guard family.architecture == architecture else { return false }
            guard let key = family.distinction else { return true }
            return metadata.number("\(architecture).\(key)") ?? 0 > 0
        }
        guard let family else { throw .unsupportedArchitecture(architecture) }
        self = family
    }
}
