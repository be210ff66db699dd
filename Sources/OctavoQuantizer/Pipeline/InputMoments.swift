public import OctavoModel

/// An input of a block that some of its linears share.
public struct BlockInput: Hashable, Sendable, CustomStringConvertible {
    /// The place in the block.
    public let site: InputSite
    /// The expert whose input it is, from 0; nil for what every token passes.
    public let expert: Int?

    /// Names an input.
    public init(_ site: InputSite, expert: Int? = nil) {
        self.site = site
        self.expert = expert
    }

    /// As in `attentionInput` or `feedForwardOutput.3`: the site, and the expert if it is one's.
    public var description: String { site.rawValue + (expert.map { ".\($0)" } ?? "") }
}

/// The sum of `xᵀx` over the inputs `x` that some of the calibration text has at one place.
///
/// Numbers are rounded to single precision where a slice of the text ends, whether it then goes to a file or is
/// added to the other slices at once: so both give the same bytes.
public struct InputMoments: Sendable, Equatable {
    /// The length of an input vector.
    public let inputs: Int
    /// How many vectors were added.
    public let tokens: Int
    /// The lower triangle, row by row: `inputs · (inputs + 1) / 2` numbers.
    public let triangle: [Float]
    /// Whether no token of the slice passes the expert whose input this is; all its tokens then stand in for them,
    /// and count where no slice has any.
    public var isSubstitute = false

    /// Puts moments together, from a file.
    public init(inputs: Int, tokens: Int, triangle: [Float], isSubstitute: Bool = false) {
        precondition(triangle.count == inputs * (inputs + 1) / 2)
        self.inputs = inputs
        self.tokens = tokens
        self.triangle = triangle
        self.isSubstitute = isSubstitute
    }
}

extension ModelQuantizer {
    /// The inputs of a block whose moments are needed, in the order in which data reaches them: those that a linear
    /// takes that is quantized.
    public func inputs(ofBlock block: Int) -> [BlockInput] {
        var inputs: [BlockInput] = []
        let linears = configuration.linears(inLayer: block)
        for site in [InputSite.attentionInput, .attentionOutput] {
            if linears.contains(where: { $0.site == site && isQuantized($0, block: block) }) {
                inputs.append(BlockInput(site))
            }
        }
        let experts = configuration.experts(inLayer: block).map { Array(0..<$0.count) }
        for expert in experts?.map(Optional.some) ?? [nil] {
            for site in [InputSite.feedForwardInput, .feedForwardOutput]
            where linears.contains(where: {
                $0.site == site && $0.expertIndex == expert && isQuantized($0, block: block)
            }) {
                inputs.append(BlockInput(site, expert: expert))
            }
        }
        return inputs
    }

    /// The length of an input's vectors.
    public func width(of input: BlockInput) -> Int {
        if input.expert != nil, input.site == .feedForwardOutput {
            return configuration.experts?.intermediateSize ?? 0
        }
        return input.site.width(in: configuration)
    }

    /// The linears of a block that take an input, quantized or not.
    func linears(_ input: BlockInput, block: Int) -> [LinearName] {
        configuration.linears(inLayer: block).filter {
            $0.site == input.site && $0.expertIndex == input.expert
        }
    }
}
