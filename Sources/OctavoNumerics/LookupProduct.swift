import OctavoBase
internal import CKernels

/// Multiplies by weights held as sums of codebook entries, without forming the weights.
///
/// For each row of `x` the products of each group with each entry are put in a table; each output is
/// then a sum of looked-up numbers, `groups · codebooks` of them instead of `inputs` products.
///
/// - Parameters:
///   - x: `[rows, groups · groupSize]`.
///   - codes: `[outputs, groups, codebooks]`; bits beyond those of an entry are not looked at.
///   - codebooks: `[codebooks, entries, groupSize]`.
///   - scales: `[outputs]`.
///   - entries: A power of two.
///   - groupSize: The consecutive inputs of an output that share one code per codebook.
///   - threads: The threads that share the outputs.
///   - isa: The kernels to use.
/// - Returns: `[rows, outputs]`.
public func lookupProduct(
    _ x: Matrix,
    codes: [UInt16],
    codebooks: [Float],
    scales: [Float],
    entries: Int,
    groupSize: Int,
    threads: Int,
    on isa: InstructionSet = .best
) -> Matrix {
    let outputs = scales.count
    let groups = x.columns / groupSize
    let columns = codebooks.count / groupSize
    let length = groups * (columns / entries)
    precondition(groups * groupSize == x.columns && codebooks.count == columns * groupSize)
    precondition(entries > 0 && entries & (entries - 1) == 0 && columns % entries == 0)
    precondition(codes.count == outputs * length)
    var out = Matrix(rows: x.rows, columns: outputs)
    var table = Matrix(rows: groups, columns: columns)
    /// What a thread takes at a time.
    let chunk = 128
    for row in 0..<x.rows {
        var tableSpan = table.elements.mutableSpan
        multiply(
            m: groups,
            n: columns,
            k: groupSize,
            x.elements.span.extracting(row * x.columns..<(row + 1) * x.columns),
            stride: groupSize,
            transposed: false,
            codebooks.span,
            stride: groupSize,
            transposed: true,
            into: &tableSpan,
            stride: columns
        )
        unsafe table.elements.withUnsafeBufferPointer { table in
            unsafe codes.withUnsafeBufferPointer { codes in
                unsafe scales.withUnsafeBufferPointer { scales in
                    unsafe out.elements.withUnsafeMutableBufferPointer { out in
                        guard let table = table.baseAddress, let codes = codes.baseAddress,
                            let scales = scales.baseAddress, let out = out.baseAddress
                        else { return }
                        // Each index writes outputs of its own and reads the rest.
                        nonisolated(unsafe) let (t, c, s, o) = unsafe (
                            table, codes, scales, out + row * outputs
                        )
                        parallel((outputs + chunk - 1) / chunk, threads: threads) { index in
                            let first = index * chunk
                            unsafe octavo_lookup_sums(
                                isa.kernel,
                                t,
                                entries,
                                c + first * length,
                                length,
                                s + first,
                                min(chunk, outputs - first),
                                o + first
                            )
                        }
                    }
                }
            }
        }
    }
    return out
}
