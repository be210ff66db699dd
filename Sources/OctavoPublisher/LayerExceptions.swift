public import OctavoModel

/// What is said of some linears of a model, otherwise than of the rest: `PATTERN=SCHEME|dense`.
///
/// A pattern is a path, as in `model.layers.0.mlp.down_proj`, in which each `*` stands for any text, as in
/// `model.layers.0.*` or `*.down_proj`.
public struct LayerException: Sendable, Hashable {
    /// What becomes of the linears.
    public enum Treatment: Sendable, Hashable {
        /// They stay as they are.
        case dense
        /// They are quantized by a scheme.
        case scheme(Scheme)
    }

    /// Which linears.
    public let pattern: String
    /// What becomes of them.
    public let treatment: Treatment

    /// Describes an exception.
    public init(_ pattern: String, _ treatment: Treatment) {
        self.pattern = pattern
        self.treatment = treatment
    }

    /// Whether a linear is meant.
    ///
    /// Each star takes as little as it can, and more only where what follows it does not fit: the time is
    /// at most the product of the two lengths.
    func matches(_ path: String) -> Bool {
        let (pattern, path) = (Array(pattern.utf8), Array(path.utf8))
        var (p, t) = (0, 0)
        var lastStar: (next: Int, taken: Int)?
        while t < path.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                p += 1
                lastStar = (p, t)
            } else if p < pattern.count, pattern[p] == path[t] {
                (p, t) = (p + 1, t + 1)
            } else if let star = lastStar {
                lastStar = (star.next, star.taken + 1)
                (p, t) = (star.next, star.taken + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

extension LayerException: LosslessStringConvertible {
    /// Reads what ``description`` writes, as in `*.down_proj=dense`; nil for anything else.
    public init?(_ description: String) {
        guard let equals = description.lastIndex(of: "="), equals != description.startIndex else {
            return nil
        }
        let value = description[description.index(after: equals)...]
        pattern = String(description[..<equals])
        if value == "dense" {
            treatment = .dense
        } else if let scheme = Scheme(String(value)) {
            treatment = .scheme(scheme)
        } else {
            return nil
        }
    }

    /// The exception as it is written.
    public var description: String {
        switch treatment {
        case .dense: pattern + "=dense"
        case .scheme(let scheme): "\(pattern)=\(scheme)"
        }
    }
}

/// Why exceptions cannot be made.
public enum LayerExceptionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No linear of the model is meant.
    case matchesNothing(LayerException)
    /// Some linears would have another scheme than the rest.
    case anotherScheme(LayerException, main: Scheme)
    /// No linear would be quantized.
    case nothingLeft

    /// As a sentence.
    public var description: String {
        switch self {
        case .matchesNothing(let exception):
            "the exception \(exception) matches no linear of the model"
        case .anotherScheme(let exception, let main):
            "the exception \(exception) asks for another scheme than \(main), but the published AQLM "
                + "layout has one scheme for all layers"
        case .nothingLeft: "the exceptions leave no linear to quantize"
        }
    }
}

/// The linears that exceptions leave dense.
///
/// Where several match a linear, the last one decides, so that `*.down_proj=dense` may be followed by
/// `model.layers.7.*=2x8g8`.
///
/// - Parameters:
///   - exceptions: In the order in which they were given.
///   - scheme: The scheme of all other linears.
///   - configuration: The model's architecture.
/// - Returns: The paths of those linears.
/// - Throws: What the layout cannot hold, and what cannot be meant.
public func denseLinears(
    by exceptions: [LayerException],
    scheme: Scheme,
    in configuration: ModelConfiguration
) throws(LayerExceptionError) -> Set<String> {
    let paths = (0..<configuration.layerCount).flatMap { layer in
        configuration.linears(inLayer: layer).map { $0.path(layer: layer) }
    }
    var dense: Set<String> = []
    for exception in exceptions {
        let meant = paths.filter(exception.matches)
        guard !meant.isEmpty else { throw .matchesNothing(exception) }
        switch exception.treatment {
        case .dense: dense.formUnion(meant)
        case .scheme(scheme): dense.subtract(meant)
        case .scheme: throw .anotherScheme(exception, main: scheme)
        }
    }
    guard dense.count < paths.count else { throw .nothingLeft }
    return dense
}
