public import OctavoBase
internal import CKernels

/// A linear whose weights are sums of codebook entries that are fetched one by one: codes may have up to 16
/// bits.
///
/// The weights of output `o` and input group `j` are `scales[o] · Σ_m codebooks[m, codes[o, j, m]]`.
public final class GatheredWeights: Sendable {
    /// The number of outputs.
    public let outputs: Int
    /// The number of inputs, a multiple of `groupSize`.
    public let inputs: Int
    /// The consecutive inputs of an output that share one code per codebook.
    public let groupSize: Int
    /// The number of codebooks.
    public let codebooks: Int
    /// The entries of a codebook: a power of two, at most 65536.
    public let entries: Int
    /// `[outputs, groups, codebooks]`, 16 bits each, little-endian; bits beyond those of an entry are not looked at.
    public let codes: SharedBytes
    /// `[outputs]`.
    public let scales: [Float]
    /// `[codebooks, entries, groupSize]`: as floats, or empty where they are ``halves``.
    let floats: [Float]
    /// The same as IEEE halves, if all of them are such.
    let halves: [UInt16]

    /// Takes parts that fit together.
    public init(
        outputs: Int,
        inputs: Int,
        groupSize: Int,
        codebooks: Int,
        entries: Int,
        codes: SharedBytes,
        books: [Float],
        scales: [Float]
    ) {
        precondition(outputs > 0 && groupSize > 0 && inputs > 0 && inputs % groupSize == 0)
        precondition(codebooks > 0 && 1...65536 ~= entries && entries & (entries - 1) == 0)
        precondition(codes.count == 2 * outputs * (inputs / groupSize) * codebooks)
        precondition(books.count == codebooks * entries * groupSize && scales.count == outputs)
        self.outputs = outputs
        self.inputs = inputs
        self.groupSize = groupSize
        self.codebooks = codebooks
        self.entries = entries
        self.codes = codes
        self.scales = scales
        let narrow = books.map(Half.narrow)
        let isExact = zip(narrow, books).allSatisfy { $1.isFinite && Half.widen($0) == $1 }
        halves = isExact ? narrow : []
        floats = isExact ? [] : books
    }

    /// How many groups an output has.
    public var groups: Int { inputs / groupSize }

    /// Calls a function with what the kernels take.
    private func withParts(
        _ body: (inout octavo_lookup_shape, UnsafePointer<UInt16>, octavo_entries) -> Void
    ) {
        var shape = octavo_lookup_shape(
            size: groupSize,
            codebooks: codebooks,
            entries: entries,
            outputs: outputs,
            run: 0
        )
        unsafe codes.withUnsafeBytes { bytes in
            unsafe floats.withUnsafeBufferPointer { floats in
                unsafe halves.withUnsafeBufferPointer { halves in
                    guard let base = bytes.baseAddress else { return }
                    let entries = unsafe octavo_entries(
                        floats: floats.isEmpty ? nil : floats.baseAddress,
                        halves: halves.baseAddress
                    )
                    unsafe body(&shape, base.assumingMemoryBound(to: UInt16.self), entries)
                }
            }
        }
    }

    private func form(
        _ range: Range<Int>,
        to out: UnsafeMutablePointer<Float>,
        on isa: InstructionSet
    ) {
        unsafe withParts { shape, codes, books in
            unsafe octavo_gathered_decode(
                isa.kernel,
                &shape,
                groups,
                codes,
                books,
                scales,
                range.lowerBound,
                range.count,
                out,
                inputs
            )
        }
    }

    /// Returns the weights of some outputs, `[range.count, inputs]`.
    public func weights(_ range: Range<Int>, on isa: InstructionSet = .best) -> Matrix {
        precondition(0 <= range.lowerBound && range.upperBound <= outputs)
        var out = Matrix(rows: range.count, columns: inputs)
        unsafe out.elements.withUnsafeMutableBufferPointer { out in
            guard let out = out.baseAddress else { return }
            unsafe form(range, to: out, on: isa)
        }
        return out
    }

    /// Returns `x · weightsᵀ` with the weights formed a tile at a time; it does not depend on `threads`.
    public func formedProduct(
        with x: Matrix,
        threads: Int,
        on isa: InstructionSet = .best
    ) -> Matrix {
        precondition(x.columns == inputs)
        return unsafe tiledProduct(x, outputs: outputs, threads: threads) { range, out in
            unsafe form(range, to: out, on: isa)
        }
    }

    /// Returns `x · weightsᵀ` without forming the weights; it does not depend on `threads`.
    ///
    /// - Parameters:
    ///   - x: `[rows, inputs]`; each row fetches all entries anew.
    ///   - threads: The threads that share the outputs.
    ///   - isa: The kernels to use.
    /// - Returns: `[rows, outputs]`.
    public func gatheredProduct(
        with x: Matrix,
        threads: Int,
        on isa: InstructionSet = .best
    ) -> Matrix {
        precondition(x.columns == inputs)
        let rows = x.rows
        var out = Matrix(rows: rows, columns: outputs)
        let chunk = outputsAtOnce(outputs, threads: threads)
        unsafe out.elements.withUnsafeMutableBufferPointer { out in
            unsafe x.elements.withUnsafeBufferPointer { x in
                guard let out = out.baseAddress, let x = x.baseAddress else { return }
                // Each index writes outputs of its own and reads the rest.
                nonisolated(unsafe) let (i, o) = unsafe (x, out)
                parallel((outputs + chunk - 1) / chunk, threads: threads) { index in
                    let first = index * chunk
                    unsafe withParts { shape, codes, books in
                        for row in 0..<rows {
                            unsafe octavo_gathered_product(
                                isa.kernel,
                                &shape,
                                groups,
                                codes,
                                books,
                                scales,
                                i + row * inputs,
                                first,
                                min(chunk, outputs - first),
                                o + row * outputs
                            )
                        }
                    }
                }
            }
        }
        return out
    }
}
