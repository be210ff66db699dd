import OctavoBase

/// Builds GGUF files by hand, sound or lying.
struct GGUFBuilder {
    /// A tensor's declaration as it will stand in the file.
    struct Tensor {
        var name = "t"
        var dimensions: [Int64] = [4]
        var rank: UInt32?
        var type: UInt32 = 0
        var offset: UInt64 = 0
    }

    var magic = Array("GGUF".utf8)
    var version: UInt32 = 3
    var tensorCount: Int64?
    var pairCount: Int64?
    /// Each a key with its value, in bytes.
    var pairs: [[UInt8]] = []
    var tensors: [Tensor] = []
    var alignment = 32
    /// How many zeros stand for the data, before what `tail` overwrites at their end.
    var data = 0
    var tail: [UInt8] = []

    /// Where the first pair, or the first tensor if there are no pairs, begins.
    static let start = 24

    var bytes: [UInt8] {
        var out = magic + littleEndian(version)
        out += littleEndian(tensorCount ?? Int64(tensors.count))
        out += littleEndian(pairCount ?? Int64(pairs.count))
        for pair in pairs { out += pair }
        for tensor in tensors {
            out += Self.string(tensor.name)
            out += littleEndian(tensor.rank ?? UInt32(tensor.dimensions.count))
            for dimension in tensor.dimensions { out += littleEndian(dimension) }
            out += littleEndian(tensor.type) + littleEndian(tensor.offset)
        }
        if data > 0 { while out.count % alignment != 0 { out.append(0) } }
        return out + [UInt8](repeating: 0, count: data - tail.count) + tail
    }

    static func string(_ text: String) -> [UInt8] {
        littleEndian(UInt64(text.utf8.count)) + Array(text.utf8)
    }

    /// A key, the number of a value type, and the value's bytes.
    static func pair(_ key: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] {
        string(key) + littleEndian(type) + value
    }

    /// A key and an array: the number of the items' type, how many, and their bytes.
    static func array(_ key: String, _ type: UInt32, _ count: UInt64, _ items: [UInt8]) -> [UInt8] {
        pair(key, 9, littleEndian(type) + littleEndian(count) + items)
    }
}
