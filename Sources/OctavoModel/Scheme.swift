/// The shape of an additive quantization, written `2x8g8`: two codebooks of 2⁸ entries, each entry
/// a vector of eight consecutive inputs.
public struct Scheme: Hashable, Sendable {
    /// How many entries are added up for a group, 1 to 8.
    public let codebooks: Int
    /// The bits of a code, 1 to 16.
    public let bits: Int
    /// How many consecutive inputs of an output share one code per codebook, 1 to 1024.
    public let groupSize: Int

    /// The group sizes that Octavo quantizes to: smaller groups need more bits for scales and codes than
    /// they save, and larger ones are beyond what a codebook of 65536 entries can tell apart.
    ///
    /// Files with other group sizes are read all the same.
    public static let quantizedGroupSizes = 4...32

    /// Takes the three numbers, or returns nil if one is out of its range.
    public init?(codebooks: Int, bits: Int, groupSize: Int) {
        guard 1...8 ~= codebooks, 1...16 ~= bits, 1...1024 ~= groupSize else { return nil }
        self.codebooks = codebooks
        self.bits = bits
        self.groupSize = groupSize
    }

    /// How many entries a codebook has: 2 to the number of bits.
    public var entries: Int { 1 << bits }

    /// The bits per weight of an `[outputs, inputs]` layer with all that it stores: codes,
    /// codebooks and scales, the latter two in 16 bits.
    ///
    /// For large layers this comes near `codebooks · bits / groupSize`; in a small layer the
    /// codebooks may weigh more than the codes.
    public func averageBits(outputs: Int, inputs: Int) -> Double {
        let weights = Double(outputs) * Double(inputs)
        let codes = Double(codebooks * bits) / Double(groupSize)
        let books = Double(16 * codebooks * entries * groupSize) / weights
        return codes + books + 16 / Double(inputs)
    }
}

extension Scheme: LosslessStringConvertible {
    /// Reads what ``description`` writes, as in `2x8g8`; nil for anything else.
    public init?(_ description: String) {
        /// A number as it would be printed: digits only, no zero in front.
        func number(_ text: Substring) -> Int? {
            guard let value = Int(text), String(value) == text else { return nil }
            return value
        }
        guard let cross = description.firstIndex(of: "x"),
            let mark = description.firstIndex(of: "g"), cross < mark,
            let codebooks = number(description[..<cross]),
            let bits = number(description[cross..<mark].dropFirst()),
            let groupSize = number(description[mark...].dropFirst())
        else { return nil }
        self.init(codebooks: codebooks, bits: bits, groupSize: groupSize)
    }

    /// The scheme as it is written, for example `2x8g8`.
    public var description: String { "\(codebooks)x\(bits)g\(groupSize)" }
}
