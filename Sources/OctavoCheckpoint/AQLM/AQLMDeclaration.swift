internal import OctavoBase

/// What a model's `config.json` says of its quantization (A1, A2).
struct AQLMDeclaration {
    /// The numbers that all modules share.
    let parameters: AQLMParameters
    /// The entries of `linear_weights_not_to_quantize`.
    let listed: Set<String>
    /// What readers stumble over.
    let findings: [ReaderFinding]

    /// Reads the section of a configuration that ``modernConfig(_:)`` has been through.
    init(modern config: JSON) throws(AQLMError) {
        let section = try Self.section(of: config)
        var absent: [String] = []
        var loose: [String] = []
        func number(_ key: String, default value: Int, atMost limit: Int) throws(AQLMError) -> Int {
            guard let found = section[key] else {
                absent.append(key)
                return value
            }
            if found.integer == nil { loose.append(key) }
            guard let number = found.number.flatMap({ Int(exactly: $0) }), number > 0,
                number <= limit
            else {
                throw .badField(
                    key,
                    found: found.text(.compact),
                    expected: "a whole number from 1 to \(limit)"
                )
            }
            return number
        }
        let codebooks = try number("num_codebooks", default: 1, atMost: 1 << 16)
        let bits = try number("nbits_per_codebook", default: 16, atMost: 16)
        let inGroup = try number("in_group_size", default: 8, atMost: 1 << 16)
        let outGroup = try number("out_group_size", default: 1, atMost: 1 << 16)
        parameters = AQLMParameters(
            checkedCodebooks: codebooks,
            bits: bits,
            inGroup: inGroup,
            outGroup: outGroup
        )
        listed = try Self.listed(in: section)
        findings = [
            ReaderFinding(.looseField, [.transformers4, .transformers5], loose),
            ReaderFinding(.absentField, [.vLLM], absent),
        ].filter { !$0.subjects.isEmpty }
    }

    /// The `quantization_config`, if it is one of AQLM.
    private static func section(of config: JSON) throws(AQLMError) -> JSON {
        guard !isObsolete(config) else { throw .obsoleteLayout }
        guard let section = config["quantization_config"], section.object != nil else {
            throw .notAQLM(found: "none")
        }
        guard let method = section["quant_method"], method == "aqlm" else {
            throw .notAQLM(found: section["quant_method"]?.text(.compact) ?? "not named")
        }
        return section
    }

    private static func listed(in section: JSON) throws(AQLMError) -> Set<String> {
        let key = "linear_weights_not_to_quantize"
        guard let list = section[key], list != .null else { return [] }
        let names = list.array?.compactMap(\.string) ?? []
        guard let count = list.array?.count, names.count == count else {
            throw .badField(key, found: list.text(.compact), expected: "a list of strings")
        }
        return Set(names)
    }

    /// Whether a configuration says that its model is AQLM, in whatever version of the layout.
    static func isPresent(in config: JSON) -> Bool {
        isObsolete(config) || config["quantization_config"]?["quant_method"] == "aqlm"
    }
}

/// What the type of the first publications ended in, as in `llama_aqlm`.
private let obsoleteSuffix = "_aqlm"

/// Whether a configuration is one of the first publications (A1).
func isObsolete(_ config: JSON) -> Bool {
    config["aqlm"] != nil || config["model_type"]?.string?.hasSuffix(obsoleteSuffix) == true
}

/// Respells the configuration of the first publications as that of later ones (A1).
///
/// The type loses its ending, the section `aqlm` becomes a `quantization_config`, and the names of the
/// code that came with the model go. All other configurations stay as they are.
///
/// - Parameter config: A model's configuration.
/// - Returns: The same in the layout's present form, or what was given if it has no numbers, or two
///   sets of them.
func modernConfig(_ config: JSON) -> JSON {
    guard isObsolete(config), var members = config.object else { return config }
    if let section = members["aqlm"] {
        guard var numbers = section.object, members["quantization_config"] == nil else {
            return config
        }
        numbers["quant_method"] = "aqlm"
        members["quantization_config"] = .object(numbers)
    } else if members["quantization_config"]?["quant_method"] != "aqlm" {
        return config
    }
    members["aqlm"] = nil
    members["auto_map"] = nil
    if let family = members["model_type"]?.string?.removingSuffix(obsoleteSuffix) {
        members["model_type"] = .string(family)
    }
    return .object(members)
}
