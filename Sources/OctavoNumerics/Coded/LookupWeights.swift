public import OctavoBase
internal import CKernels

/// A linear whose weights are sums of codebook entries, with codes of at most 8 bits, laid out for lookups.
///
/// The weights of output `o` and input group `j` are `scales[o] · Σ_m codebooks[m, codes[j, m, o]]`.
///
/// A class, as copies that a pass makes of its layers should cost nothing.
public final class LookupWeights: Sendable {
    /// The number of outputs.
    public let outputs: Int
    /// The number of inputs, a multiple of `groupSize`.
    public let inputs: Int
    /// The consecutive inputs of an output that share one code per codebook.
    public let groupSize: Int
    /// The number of codebooks, 1 to 8.
    public let codebooks: Int
    /// The entries of a codebook: a power of two, at most 256.
    public let entries: Int
    /// `[groups, codebooks, outputs]`, a byte each; bits beyond those of an entry are not looked at when weights
    /// are formed, and stand for no entry in lookups.
    public let codes: SharedBytes
    /// `[outputs]`.
    public let scales: [Float]
    /// `[codebooks, entries, groupSize]`.
    public let books: [Float]
    /// What looks up.
    public let kernel: LookupKernel
    /// What the kernel builds tables from.
    private let prepared: PreparedBooks

    /// Takes parts that fit together.
    public init(
        outputs: Int,
        inputs: Int,
        groupSize: Int,
        codebooks: Int,
        entries: Int,
        codes: SharedBytes,
        books: [Float],
        scales: [Float],
        kernel: LookupKernel = .best
    ) {
        precondition(outputs > 0 && 1...1024 ~= groupSize && inputs > 0 && inputs % groupSize == 0)
        precondition(1...8 ~= codebooks && 1...256 ~= entries && entries & (entries - 1) == 0)
        precondition(codes.count == outputs * (inputs / groupSize) * codebooks)
        precondition(books.count == codebooks * entries * groupSize && scales.count == outputs)
        self.outputs = outputs
        self.inputs = inputs
        self.groupSize = groupSize
        self.codebooks = codebooks
        self.entries = entries
        self.codes = codes
        self.books = books
        self.scales = scales
        self.kernel = kernel
        let shape = octavo_lookup_shape(
            size: groupSize,
            codebooks: codebooks,
            entries: entries,
            outputs: outputs,
            run: 0
        )
        prepared = PreparedBooks(books, shape, for: kernel)
    }

    /// Calls a function with what tables are built from.
    func withPrepared(_ body: (inout octavo_lookup_books) -> Void) {
        unsafe prepared.withParts(body)
    }

    /// How many groups an output has.
    public var groups: Int { inputs / groupSize }

    /// As the kernels take it.
    var shape: octavo_lookup_shape {
        octavo_lookup_shape(
            size: groupSize,
            codebooks: codebooks,
            entries: entries,
            outputs: outputs,
            run: prepared.run
        )
    }

    /// How many groups are built at least together.
    var groupsOfRun: Int {
        var shape = shape
        return unsafe octavo_lookup_runs(&shape).groups
    }

    /// How many units so many groups have.
    func unitCount(groups: Int) -> Int {
        var shape = shape
        return unsafe octavo_lookup_units(&shape, groups)
    }

    /// Calls a function with the codes as memory.
    func withCodes(_ body: (UnsafePointer<UInt8>) -> Void) {
        unsafe codes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe body(base.assumingMemoryBound(to: UInt8.self))
        }
    }

    /// Whether tables are quicker than forming the weights.
    ///
    /// For many rows they would be no slower than BLAS, but formed weights are exact.
    public func lookupPays(rows: Int) -> Bool {
        guard rows <= 32 else { return false }
        let positions = Double(groups * codebooks)
        let row =
            kernel.cost.entry * positions * 256 * Double(groupSize) / 8
            + kernel.cost.lookup * positions * Double(outputs)
        let weights = Double(outputs) * Double(inputs)
        // Forming a weight, and multiplying it: measured like the others.
        let (forming, product) = (0.62, 0.018)
        return Double(rows) * (row - product * weights) < forming * weights
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

    private func form(
        _ range: Range<Int>,
        to out: UnsafeMutablePointer<Float>,
        on isa: InstructionSet
    ) {
        var shape = shape
        unsafe withCodes { codes in
            unsafe octavo_lookup_decode(
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
}

/// Codebooks in the order that a kernel builds tables from.
private struct PreparedBooks: Sendable {
    /// `[codebooks, groupSize, 256]`, or empty where whole numbers serve.
    private var floats: [Float] = []
    /// `[codebooks, (groupSize + 1) / 2, 256, 2]`, or empty.
    private var words: [Int16] = []
    /// What a whole number of each codebook stands for.
    private var wordUnits: [Float] = []
    /// The length of the longest entry of each codebook.
    private var longest: [Float]
    /// The largest magnitude at each place of the entries, `[codebooks, groupSize]`.
    private var widest: [Float]
    /// How many positions share a unit.
    ///
    /// The error of a table is that of its unit, which the longest entries decide: a few that are much longer than
    /// the others, as there are behind activations with an outlier, would make it coarse.
    private(set) var run = 4

    init(_ books: [Float], _ shape: octavo_lookup_shape, for kernel: LookupKernel) {
        var shape = shape
        longest = Array(repeating: 0, count: shape.codebooks)
        widest = Array(repeating: 0, count: shape.codebooks * shape.size)
        if kernel == .vbmi {
            words = Array(
                repeating: 0,
                count: shape.codebooks * ((shape.size + 1) / 2) * 2 * OCTAVO_LOOKUP_ENTRIES
            )
            wordUnits = Array(repeating: 0, count: shape.codebooks)
            unsafe octavo_lookup_prepare(&shape, books, nil, &words, &wordUnits, &longest, &widest)
        } else {
            floats = Array(
                repeating: 0,
                count: shape.codebooks * shape.size * OCTAVO_LOOKUP_ENTRIES
            )
            unsafe octavo_lookup_prepare(&shape, books, &floats, nil, nil, &longest, &widest)
        }
        // 1.7 is what random entries have, and their tables an error of 2 · 10⁻⁴ with four.
        let stretch = stretch(books, shape)
        run = stretch < 2.8 ? 4 : stretch < 5.6 ? 2 : 1
    }

    /// How much longer the longest entries are than the usual ones.
    private func stretch(_ books: [Float], _ shape: octavo_lookup_shape) -> Float {
        let square = books.reduce(0) { $0 + $1 * $1 }
        let usual = (square / Float(shape.codebooks * shape.entries)).squareRoot()
        let longest = longest.reduce(0, +) / Float(shape.codebooks)
        return usual > 0 ? longest / usual : 1
    }

    func withParts(_ body: (inout octavo_lookup_books) -> Void) {
        unsafe floats.withUnsafeBufferPointer { floats in
            unsafe words.withUnsafeBufferPointer { words in
                unsafe wordUnits.withUnsafeBufferPointer { units in
                    unsafe longest.withUnsafeBufferPointer { longest in
                        unsafe widest.withUnsafeBufferPointer { widest in
                            var parts = unsafe octavo_lookup_books(
                                floats: floats.baseAddress,
                                words: words.baseAddress,
                                word_units: units.baseAddress,
                                longest: longest.baseAddress,
                                widest: widest.baseAddress
                            )
                            unsafe body(&parts)
                        }
                    }
                }
            }
        }
    }
}
