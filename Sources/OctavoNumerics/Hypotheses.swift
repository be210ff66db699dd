internal import CKernels

/// For each of several targets the codes that approximate it best, in ascending order of their scores.
public struct CodeList: Sendable {
    /// How many codings a target has.
    public let limit: Int
    /// How many codes a coding has.
    public let count: Int
    /// `[targets, limit, count]`.
    public var codes: [UInt16]
    /// `[targets, limit]`; infinite where there are fewer.
    public var values: [Float]
}

/// Chooses for each row, among the continuations of its hypotheses, as many of the best as it has.
///
/// - Parameters:
///   - list: The continuations, for `rows · width` targets.
///   - width: How many hypotheses a row has, 1 to 64.
///   - bases: What a hypothesis's loss is before the score of the continuation: `[rows · width]`.
///   - factors: What a row's scores are multiplied by: `[rows]`.
///   - instructions: The instruction set to use.
/// - Returns: `[rows, width]` each, in ascending order of their losses: the losses, infinite where
///   there are fewer; the codes; and which hypothesis of the row each continues.
public func mergeHypotheses(
    _ list: CodeList,
    width: Int,
    bases: [Float],
    factors: [Float],
    instructions: InstructionSet = .best
) -> (losses: [Float], codes: [UInt16], parents: [UInt32]) {
    let (total, limit, count) = (bases.count, list.limit, list.count)
    precondition(1...OCTAVO_BEAM_MAX ~= width && total == factors.count * width)
    precondition(list.values.count == total * limit && list.codes.count == total * limit * count)
    var losses = [Float](repeating: 0, count: total)
    var choices = [UInt32](repeating: 0, count: total)
    var scratch = [Float](repeating: 0, count: width * limit)
    unsafe octavo_merge_hypotheses(
        instructions.kernel,
        factors.count,
        width,
        limit,
        bases,
        factors,
        list.values,
        &losses,
        &choices,
        &scratch
    )
    var codes = [UInt16](repeating: 0, count: total * count)
    for i in 0..<total {
        let choice = i / width * width * limit + Int(choices[i])
        for m in 0..<count { codes[i * count + m] = list.codes[choice * count + m] }
    }
    return (losses, codes, choices.map { $0 / UInt32(limit) })
}

/// Gives each hypothesis its parent's values in some columns.
///
/// - Parameters:
///   - parents: For each hypothesis another of the same row: `[rows · width]`.
///   - width: How many hypotheses a row has.
///   - values: `[rows · width, …]`.
///   - columns: The columns that count; the others are left.
public func followParents(
    _ parents: [UInt32],
    width: Int,
    _ values: inout Matrix,
    columns: Range<Int>
) {
    precondition(width > 0 && parents.count == values.rows && values.rows % width == 0)
    precondition(parents.allSatisfy { $0 < width })
    precondition(columns.lowerBound >= 0 && columns.upperBound <= values.columns)
    var scratch = [Float](repeating: 0, count: width * columns.count)
    let stride = values.columns
    unsafe octavo_follow_parents(
        values.rows / width,
        width,
        parents,
        &values.elements,
        stride,
        columns.lowerBound,
        columns.count,
        &scratch
    )
}
