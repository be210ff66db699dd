internal import OctavoBase

/// What a GGUF file states of its model, under the name of its architecture (M2).
///
/// Every key that is asked for is noted, so that what was never asked for can be refused in the end.
struct GGUFKeys {
    let metadata: GGUFMetadata
    let architecture: String
    private var asked: Set<UTF8Key> = []

    init(_ metadata: GGUFMetadata, architecture: String) {
        self.metadata = metadata
        self.architecture = architecture
    }

    /// The value of a key, or nil if it is absent.
    mutating func value(_ key: String) -> GGUFValue? {
        let whole = "\(architecture).\(key)"
        asked.insert(UTF8Key(whole))
        return metadata[whole]
    }

    /// A whole number from `least`; from 1 unless told.
    ///
    /// An array with an item for each layer counts as the one number that all of them are.
    mutating func count(_ key: String, from least: Int = 1) throws(GGUFModelError) -> Int {
        var found = value(key)
        if let items = found?.array, let first = items.first,
            items.allSatisfy({ $0 == first })
        {
            found = first
        }
        // Below 2^30, so that no product of two overflows, nor three of them together.
        guard let count = found?.integer, count >= least, count < 1 << 30 else {
            throw .badKey(
                "\(architecture).\(key)",
                expected: least == 1 ? "a positive whole number" : "a whole number from \(least)"
            )
        }
        return count
    }

    /// A whole number above 0, or what stands for it where the key is absent.
    mutating func count(_ key: String, absent: Int) throws(GGUFModelError) -> Int {
        value(key) == nil ? absent : try count(key)
    }

    /// A number above 0.
    mutating func positive(_ key: String) throws(GGUFModelError) -> Double {
        guard let number = value(key)?.number, number.isFinite, number > 0 else {
            throw .badKey("\(architecture).\(key)", expected: "a positive number")
        }
        return shortest(number)
    }

    /// A text, or nil if the key is absent.
    mutating func text(_ key: String) throws(GGUFModelError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.string else {
            throw .badKey("\(architecture).\(key)", expected: "a text")
        }
        return text
    }

    /// A number above 0, or nil if the key is absent.
    mutating func optionalPositive(_ key: String) throws(GGUFModelError) -> Double? {
        value(key) == nil ? nil : try positive(key)
    }

    /// Refuses keys of the architecture that were never asked for (M5): they may change what the
    /// model computes.
    func refuseOthers() throws(GGUFModelError) {
        let prefix = architecture + "."
        for whole in metadata.keys where whole.hasPrefix(prefix) && !asked.contains(UTF8Key(whole))
        {
            let key = String(whole.dropFirst(prefix.count))
            if irrelevantKeys.contains(key) || ofImages.contains(where: key.hasPrefix) { continue }
            if let neutral = neutralValues[key], let value = metadata[whole],
                value.bool.map({ $0 ? 1 : 0 }) ?? value.number == neutral
            {
                continue
            }
            throw .unsupportedKey(whole)
        }
    }
}

/// What some converters write and no model depends on.
private let irrelevantKeys: Set = [
    "vocab_size", "tensor_data_layout", "rope.scaling.finetuned",
    "rope.scaling.original_context_length",
]

/// What some files of Gemma 3 say of images, whose tensors are in a file of their own.
private let ofImages = ["vision.", "mm."]

/// Values that say as much as their absence; false counts as 0, true as 1.
private let neutralValues: [String: Double] = [
    "attention.causal": 1, "attention.sliding_window": 0, "expert_count": 0,
    "expert_used_count": 0, "expert_shared_count": 0, "expert_gating_func": 1,
    "expert_weights_norm": 1, "expert_weights_scale": 1, "leading_dense_block_count": 0,
    "logit_scale": 1, "nextn_predict_layers": 0, "rope.scale_linear": 1,
    "rope.scaling.attn_factor": 1, "rope.scaling.yarn_attn_factor": 1,
    "rope.scaling.yarn_ext_factor": 1, "rope.scaling.yarn_log_multiplier": 0,
]

/// The shortest decimal that rounds to the same 32-bit float: 1e-05, where widening its stored form
/// gives 9.999999747378752e-06.
func shortest(_ value: Double) -> Double {
    Double(Float(value)) == value ? Double(Float(value).description) ?? value : value
}
