import OctavoBase

@testable import OctavoCheckpoint

/// The smallest models that GGUF can hold: one layer, four numbers wide.
extension GGUFBuilder {
    /// A llama: one head of four, a vocabulary of two.
    static var llama: GGUFBuilder {
        var builder = GGUFBuilder()
        builder.state("general.architecture", "llama")
        // Less padding, shorter vectors.
        builder.state("general.alignment", 4)
        builder.alignment = 4
        builder.state("llama.attention.layer_norm_rms_epsilon", float: 1e-5)
        for (key, value) in [
            ("embedding_length", 4), ("feed_forward_length", 4), ("block_count", 1),
            ("attention.head_count", 1), ("context_length", 64),
        ] {
            builder.state("llama.\(key)", UInt32(value))
        }
        for (name, dimensions) in [
            ("token_embd", [4, 2]), ("output_norm", [4]), ("blk.0.attn_norm", [4]),
            ("blk.0.attn_q", [4, 4]), ("blk.0.attn_k", [4, 4]), ("blk.0.attn_v", [4, 4]),
            ("blk.0.attn_output", [4, 4]), ("blk.0.ffn_norm", [4]), ("blk.0.ffn_gate", [4, 4]),
            ("blk.0.ffn_up", [4, 4]), ("blk.0.ffn_down", [4, 4]),
        ] {
            builder.add(name + ".weight", dimensions.map(Int64.init))
        }
        return builder
    }

    /// A mixtral of two experts.
    static var mixtral: GGUFBuilder {
        var builder = llama
        builder.state("llama.expert_count", 2)
        builder.state("llama.expert_used_count", 1)
        for part in ["gate", "up", "down"] {
            builder.remove("blk.0.ffn_\(part).weight")
            builder.add("blk.0.ffn_\(part)_exps.weight", [4, 4, 2])
        }
        builder.add("blk.0.ffn_gate_inp.weight", [4, 2])
        return builder
    }

    /// A phi3, which is llama with other names for some tensors.
    static var phi3: GGUFBuilder {
        var builder = GGUFBuilder()
        builder.alignment = 4
        builder.pairs = llama.pairs.map { pair in
            let prefix = string("llama.").dropFirst(8)
            guard pair.dropFirst(8).starts(with: prefix) else { return pair }
            let length = UInt64(pair[0]) - 1
            return littleEndian(length) + Array("phi3.".utf8) + pair.dropFirst(8 + prefix.count)
        }
        builder.state("general.architecture", "phi3")
        builder.state("phi3.rope.scaling.original_context_length", 32)
        for tensor in llama.tensors {
            switch tensor.name {
            case "blk.0.attn_q.weight": builder.add("blk.0.attn_qkv.weight", [4, 12])
            case "blk.0.attn_k.weight", "blk.0.attn_v.weight", "blk.0.ffn_gate.weight": break
            case "blk.0.ffn_up.weight": builder.add(tensor.name, [4, 8])
            default: builder.add(tensor.name, tensor.dimensions)
            }
        }
        return builder
    }

    /// States a text; in place of what the key said, if it said something.
    mutating func state(_ key: String, _ value: String) {
        state(key, 8, Self.string(value))
    }

    /// States a 32-bit number.
    mutating func state(_ key: String, _ value: UInt32) { state(key, 4, littleEndian(value)) }

    /// States a 32-bit float.
    mutating func state(_ key: String, float value: Float) {
        state(key, 6, littleEndian(value.bitPattern))
    }

    /// States a value of a type by its number, in bytes.
    mutating func state(_ key: String, _ type: UInt32, _ value: [UInt8]) {
        remove(key: key)
        pairs.append(Self.pair(key, type, value))
    }

    /// Leaves a key out.
    mutating func remove(key: String) { pairs.removeAll { $0.starts(with: Self.string(key)) } }

    /// Declares a tensor of zeros behind the others; its dimensions are fastest first.
    mutating func add(_ name: String, _ dimensions: [Int64], type: GGMLType = .f32) {
        tensors.append(Tensor(name: name, dimensions: dimensions, type: type.rawValue))
        place()
    }

    /// Declares a tensor of 32-bit floats behind the others; only such may follow.
    mutating func add(_ name: String, values: [Float]) {
        add(name, [Int64(values.count)])
        tail += values.flatMap { littleEndian($0.bitPattern) }
    }

    /// Leaves a tensor out.
    mutating func remove(_ name: String) {
        tensors.removeAll { $0.name == name }
        place()
    }

    /// Gives a tensor another name, or other dimensions.
    mutating func change(_ name: String, to newName: String? = nil, _ dimensions: [Int64]? = nil) {
        for i in tensors.indices where tensors[i].name == name {
            tensors[i].name = newName ?? name
            tensors[i].dimensions = dimensions ?? tensors[i].dimensions
        }
        place()
    }

    /// Lays the tensors' data one behind the other.
    private mutating func place() {
        data = 0
        for i in tensors.indices {
            tensors[i].offset = UInt64(data)
            guard let type = GGMLType(rawValue: tensors[i].type) else { continue }
            let elements = Int(tensors[i].dimensions.reduce(1, &*))
            let bytes = elements / type.blockElements * type.blockBytes
            data += (bytes + alignment - 1) / alignment * alignment
        }
    }
}
