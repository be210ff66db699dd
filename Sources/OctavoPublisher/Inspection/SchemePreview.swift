import OctavoBase
import OctavoCheckpoint
public import OctavoModel

/// What a scheme would make of a model that is not quantized, by shapes alone.
public struct SchemePreview: Sendable, Equatable {
    /// The scheme.
    public let scheme: Scheme
    /// How many linears would be quantized.
    public let linears: Int
    /// The patterns of matrices that would not be, as in `lm_head.weight`: embeddings, heads, routers,
    /// and linears whose inputs groups do not divide.
    public let kept: [String]
    /// Where the bytes would go.
    public let sizes: SizeBreakdown

    /// Works out what `octavo quantize` would write: linears of layers as codes, all else as halves.
    ///
    /// - Parameters:
    ///   - scheme: The scheme.
    ///   - inspection: The model; there is nothing to say of one that is quantized.
    /// - Throws: When the AQLM layout cannot hold the scheme.
    init?(_ scheme: Scheme, of inspection: ModelInspection) throws {
        guard inspection.aqlm == nil else { return nil }
        self.scheme = scheme
        let parameters = try AQLMParameters(scheme)
        var stored: [(name: String, shape: [Int], byteCount: Int)] = []
        var linears = 0
        var kept: [String] = []
        for group in inspection.groups {
            if let path = Self.linearPath(group),
                let plans = parameters.plans(
                    path,
                    outFeatures: group.shape[0],
                    inFeatures: group.shape[1]
                )
            {
                linears += group.count
                for _ in 0..<group.count {
                    stored += plans.map { ($0.name, $0.shape, $0.byteCount) }
                }
            } else {
                if group.shape.count > 1 { kept.append(group.pattern) }
                for _ in 0..<group.count {
                    stored.append((group.pattern, group.shape, 2 * group.shape.reduce(1, *)))
                }
            }
        }
        self.linears = linears
        self.kept = kept
        sizes = SizeBreakdown(tensors: stored, groupSize: scheme.groupSize)
    }

    /// The path of linears that are quantized: matrices in numbered layers, but for embeddings and the
    /// routers of experts.
    private static func linearPath(_ group: TensorGroup) -> String? {
        guard group.shape.count == 2, group.pattern.contains(".*."),
            let path = group.pattern.removingSuffix(".weight")
        else { return nil }
        let name = path.split(separator: ".").last ?? ""
        let isRouter = ["gate", "router", "ffn_gate_inp"].contains(name)
        return isRouter || name.contains("embed") || name.contains("norm") ? nil : path
    }
}

extension ModelInspection {
    /// What a scheme would make of the model; nil if it is quantized already.
    ///
    /// - Throws: When the AQLM layout cannot hold the scheme.
    public func preview(_ scheme: Scheme) throws -> SchemePreview? {
        try SchemePreview(scheme, of: self)
    }
}
