import OctavoBase
import OctavoCheckpoint
import OctavoModel

/// What a conversion loses, said before it starts: a sentence each; none if the model can be had back.
///
/// The table of all conversions is in docs/conversion.md.
///
/// - Throws: Why the conversion cannot be done at all, as far as headers tell.
public func conversionLosses(_ model: OpenModel, _ options: ConversionOptions) throws -> [String] {
    if options.target == .hfAQLM, model.aqlm == nil { throw ModelError.notQuantized(model.path) }
    if options.target == .gguf {
        let writer = try GGUFModelWriter(model, type: options.type)
        return writer.roundings + (try sideLosses(model)) + raisedNorms(writer)
            + windowLosses(try model.configuration())
    }
    return directoryRoundings(model, options) + metadataLosses(model)
}

/// Counts of tensors that change their type, as sentences.
private struct TypeChanges {
    private struct Change: Hashable {
        let from: String
        let to: String
    }

    private var counts: [Change: Int] = [:]
    private var order: [Change] = []

    mutating func add(_ from: String, _ to: String) {
        let change = Change(from: from, to: to)
        if counts[change] == nil { order.append(change) }
        counts[change, default: 0] += 1
    }

    func sentences(_ sentence: (_ count: Int, _ from: String, _ to: String) -> String) -> [String] {
        order.map { sentence(counts[$0] ?? 0, $0.from, $0.to) }
    }

    /// What rounding says.
    var roundings: [String] {
        sentences { count, from, to in
            "\(count) \(count == 1 ? "tensor is" : "tensors are") rounded from \(from) to \(to)"
        }
    }
}

extension GGUFModelWriter {
    /// What rounding loses, and which tensors get another type than was asked for because of their rows.
    fileprivate var roundings: [String] {
        var changes = TypeChanges()
        var replaced = TypeChanges()
        for part in parts {
            for weight in weights(of: part) where !isExact(weight, to: part) {
                changes.add(weight.type, part.plan.type.name)
            }
            let row = part.plan.shape.last ?? 1
            if !part.tensor.isPrecise, part.plan.type != type, row % type.blockElements != 0 {
                replaced.add(type.name, part.plan.type.name)
            }
        }
        return changes.roundings
            + replaced.sentences { count, from, to in
                "\(count) \(count == 1 ? "tensor has rows that are" : "tensors have rows that are") "
                    + "no multiple of \(type.blockElements) and cannot be \(from): written as \(to)"
            }
    }

    /// Whether a type holds exactly what a weight is.
    private func isExact(_ weight: WeightTensor, to part: Part) -> Bool {
        if isCopied(weight, to: part) { return true }
        switch part.plan.type {
        case .f32: return weight.type != "F64"
        case let type: return weight.type == type.name && type.blockElements == 1
        }
    }
}

/// Norms that lose their last bits because GGUF holds them one higher.
private func raisedNorms(_ writer: GGUFModelWriter) -> [String] {
    let count = writer.parts.count { part in
        part.tensor.transform == .raisedByOne
            && writer.weights(of: part).contains { !writer.isCopied($0, to: part) }
    }
    return count == 0 ? [] : ["\(count) norms are held one higher, rounded to 32 bits there"]
}

/// Windows that llama.cpp does not keep to, though the file states them.
private func windowLosses(_ configuration: ModelConfiguration) -> [String] {
    guard case .everyLayer = configuration.family.description.windows,
        let window = configuration.layers.lazy.compactMap(\.window).first,
        window < configuration.contextLength
    else { return [] }
    return [
        "the file states that attention sees \(window) tokens, but llama.cpp sees all of this family's: "
            + "in longer texts the model computes something else there"
    ]
}

/// What a directory holds beside the weights that a GGUF file has no place for.
private func sideLosses(_ model: OpenModel) throws -> [String] {
    var losses: [String] = []
    let held: Set = [
        "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model",
        "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "chat_template.jinja",
    ]
    let names = model.checkpoint.sideFiles.map(\.name).filter { !held.contains($0) }
    if !names.isEmpty { losses.append("files are left out: \(names.joined(separator: ", "))") }
    let tokens = try model.configuration().endTokens
    if tokens.count > 1 {
        losses.append("of \(tokens.count) tokens that end a text GGUF names one")
    }
    if model.checkpoint.ggufMetadata == nil {
        let tokenizers = ["tokenizer.json", "tokenizer.model"]
        if !model.checkpoint.sideFiles.contains(where: { tokenizers.contains($0.name) }) {
            losses.append("there is no tokenizer: the file will be of use for token ids only")
        }
        losses.append("config.json is left out but for what GGUF has keys for")
    }
    return losses
}

/// What rounding loses in Hugging Face layout.
private func directoryRoundings(_ model: OpenModel, _ options: ConversionOptions) -> [String] {
    var changes = TypeChanges()
    let writer = ModelWriter(model: model, options: options)
    for tensor in model.weightTensors {
        switch tensor.source {
        case .stored(let stored):
            let to = writer.outputType(of: stored)
            guard stored.type != .dtype(to) else { continue }
            if to == .f32, stored.type != .dtype(.f64) { continue }
            changes.add(tensor.type, to.rawValue)
        case .additive:
            // In single precision they are what runs of the codes themselves compute with.
            guard options.target == .dense, options.dtype != .f32 else { continue }
            changes.add(tensor.type, (options.dtype ?? .f16).rawValue)
        }
    }
    let isUnfolded = options.target == .dense && model.aqlm != nil
    return changes.roundings
        + (isUnfolded
            ? ["codes and codebooks are gone: the model is as large as its original"] : [])
}

/// What a GGUF file says beside its model that Hugging Face's layout has no place for.
private func metadataLosses(_ model: OpenModel) -> [String] {
    let usual = ["architecture", "type", "file_type", "quantization_version", "alignment"]
    let keys = (model.checkpoint.ggufMetadata?.keys ?? []).filter { key in
        key.hasPrefix("general.") && !usual.contains(String(key.dropFirst("general.".count)))
    }
    return keys.isEmpty ? [] : ["metadata are left out: \(keys.joined(separator: ", "))"]
}
