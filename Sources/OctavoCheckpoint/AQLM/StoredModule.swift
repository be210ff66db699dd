internal import OctavoBase

/// How the three tensors of a quantized linear are stored, which need not be as the layout has it
/// (A3 to A5).
struct StoredModule {
    /// How the first two dimensions of codes are arranged.
    enum Arrangement {
        /// Groups of rows first, as the layout has them.
        case straight
        /// Groups of columns first.
        case transposed
        /// Both have the same length, so that the shape does not tell.
        case square
    }

    let path: String
    let outFeatures: Int
    let inFeatures: Int
    let codes: CheckpointTensor
    let codebooks: CheckpointTensor
    let scales: CheckpointTensor
    let arrangement: Arrangement

    /// Finds and checks the tensors of a module.
    init(
        _ path: String,
        _ codes: CheckpointTensor,
        in checkpoint: Checkpoint,
        _ parameters: AQLMParameters
    ) throws(AQLMError) {
        guard checkpoint[path + ".weight"] == nil else { throw .bothForms(module: path) }
        func tensor(_ suffix: String, _ types: Set<DType>) throws(AQLMError) -> CheckpointTensor {
            guard let tensor = checkpoint[path + suffix] else {
                throw .missingTensor(path + suffix)
            }
            guard case .dtype(let dtype) = tensor.type, types.contains(dtype) else {
                throw .wrongType(
                    tensor: tensor.name,
                    found: tensor.type.name,
                    expected: types.sorted().map(\.rawValue).joined(separator: ", ")
                )
            }
            return tensor
        }
        self.path = path
        self.codes = try tensor(".codes", codeTypes)
        codebooks = try tensor(".codebooks", [.f16, .bf16, .f32])
        scales = try tensor(".scales", [.f16, .bf16, .f32])

        let entries = [
            parameters.codebooks, 1 << parameters.bits, parameters.outGroup, parameters.inGroup,
        ]
        guard codebooks.shape == entries else {
            throw .wrongShape(
                tensor: codebooks.name,
                found: codebooks.shape,
                expected: "\(entries)"
            )
        }
        let outGroups = scales.shape.first ?? 0
        guard scales.shape.count <= 4, outGroups > 0,
            scales.shape.dropFirst().allSatisfy({ $0 == 1 })
        else {
            throw codes.shape.count == 3 && Array(scales.shape.prefix(2)) == codes.shape.dropLast()
                ? .groupScales(tensor: scales.name, found: scales.shape)
                : .wrongShape(
                    tensor: scales.name,
                    found: scales.shape,
                    expected: "[groups of rows, 1, 1, 1]"
                )
        }
        let wrongCodes = AQLMError.wrongShape(
            tensor: codes.name,
            found: codes.shape,
            expected: "[\(outGroups), groups of a row, \(parameters.codebooks)]"
        )
        guard codes.shape.count == 3, codes.shape[2] == parameters.codebooks else {
            throw wrongCodes
        }
        let inGroups: Int
        switch (codes.shape[0] == outGroups, codes.shape[1] == outGroups) {
        case (true, let isSquare):
            inGroups = codes.shape[1]
            // None but codes of 8 bits are ever transposed.
            arrangement = isSquare && parameters.bits == 8 ? .square : .straight
        case (false, true):
            guard parameters.bits == 8 else {
                throw .transposedCodes(tensor: codes.name, found: codes.shape)
            }
            inGroups = codes.shape[0]
            arrangement = .transposed
        case (false, false): throw wrongCodes
        }
        let (outFeatures, tooMany) = outGroups.multipliedReportingOverflow(by: parameters.outGroup)
        let (inFeatures, tooWide) = inGroups.multipliedReportingOverflow(by: parameters.inGroup)
        let (weights, tooLarge) = outFeatures.multipliedReportingOverflow(by: inFeatures)
        // Far beyond any matrix, and so that sums over a million of them are numbers.
        guard !tooMany, !tooWide, !tooLarge, weights <= 1 << 42,
            parameters.plans(path, outFeatures: outFeatures, inFeatures: inFeatures) != nil
        else { throw wrongCodes }
        self.outFeatures = outFeatures
        self.inFeatures = inFeatures
    }
}

/// Tells for each module whether its codes are transposed.
///
/// A forward pass transposes the codes of every linear it goes through, so the shapes that tell also
/// tell for those that do not.
///
/// - Throws: ``AQLMError/undecidableCodes(tensor:found:)`` if the shapes that tell disagree, as they may
///   where a pass did not reach all experts.
func areTransposed(_ modules: [StoredModule]) throws(AQLMError) -> [Bool] {
    let someAre = modules.contains { $0.arrangement == .transposed }
    let someAreNot = modules.contains { $0.arrangement == .straight }
    if someAre, someAreNot, let square = modules.first(where: { $0.arrangement == .square }) {
        throw .undecidableCodes(tensor: square.codes.name, found: square.codes.shape)
    }
    return modules.map { $0.arrangement == .transposed || $0.arrangement == .square && someAre }
}
