public import OctavoModel

/// A linear after quantization, and how well it came out.
public struct QuantizedLinear: Sendable, Equatable {
    /// Its codes, codebooks and scales.
    public let layer: AdditiveLayer
    /// tr(ΔHΔᵀ)/tr(WHWᵀ) on the calibration text: the error of its outputs relative to the signal.
    ///
    /// Single precision is plenty, and a journal keeps it exactly.
    public let relativeLoss: Float

    /// Puts a result together again, from a journal.
    public init(layer: AdditiveLayer, relativeLoss: Float) {
        self.layer = layer
        self.relativeLoss = relativeLoss
    }
}

/// What tuning changed of a block: everything else is as it was.
public struct TunedParameters: Sendable, Equatable {
    /// The layers, with their codes as they were.
    public var layers: [LinearName: AdditiveLayer]
    /// The weights of all norms, as checkpoints store them.
    public var norms: [NormName: [Float]]
    /// `[outputs]` of each quantized linear with a bias.
    public var biases: [LinearName: [Float]]

    /// Puts parameters together, from a journal.
    public init(
        layers: [LinearName: AdditiveLayer],
        norms: [NormName: [Float]],
        biases: [LinearName: [Float]]
    ) {
        self.layers = layers
        self.norms = norms
        self.biases = biases
    }
}

/// Keeps what is done, so that nothing is computed twice.
///
/// Once a function that keeps something returns, that must survive the end of the process. Linears
/// are kept from several threads.
public protocol QuantizationJournal: Sendable {
    /// The linear that an earlier run finished, or nil.
    func linear(_ name: LinearName, block: Int) throws -> QuantizedLinear?
    /// Keeps a finished linear.
    func keep(_ linear: QuantizedLinear, _ name: LinearName, block: Int) throws
    /// What an earlier run made of a block by tuning, or nil.
    func tunedParameters(block: Int) throws -> TunedParameters?
    /// Keeps what tuning made of a block, all of whose linears are kept already.
    func keep(_ tuned: TunedParameters, block: Int) throws
    /// The final norm that an earlier run fitted, or nil.
    func finalNorm() throws -> FinalNorm?
    /// Keeps a fitted final norm.
    func keep(_ norm: FinalNorm) throws
}

/// A linear, or an input that linears share, that could not be quantized.
public struct LinearQuantizationError: Error, Sendable, CustomStringConvertible {
    /// Which, as in `model.layers.3.mlp.up_proj`.
    public let path: String
    /// What was wrong with it.
    public let cause: QuantizationError

    /// Says what was wrong with a linear.
    public init(path: String, cause: QuantizationError) {
        self.path = path
        self.cause = cause
    }

    /// As a sentence.
    public var description: String { "\(path): \(cause)" }
}
