import OctavoBase
internal import CKernels

/// The keys and values of a batch of sequences, each with room for some tokens, laid out for attention.
///
/// A head's keys are contiguous, in tiles of 16 tokens that stand side by side, and so are its values, a row for
/// each token. A cache of halves that is given a number beyond ±65504 goes over to float as a whole: such a number
/// would become infinite, and a smaller one in its place would change what its query sees most.
public struct AttentionCache: Sendable {
    /// The number of sequences.
    public let sequences: Int
    /// The tokens that each sequence has room for.
    public let capacity: Int
    /// The number of key heads.
    public let keyValueHeads: Int
    /// The width of a head.
    public let headDimension: Int
    /// What keys and values are kept as.
    public private(set) var precision: CachePrecision
    /// `[sequences, keyValueHeads, rows / 16, headDimension, 16]`.
    private(set) var keys: [CacheLine]
    /// `[sequences, keyValueHeads, rows, valueWidth]`.
    private(set) var values: [CacheLine]

    /// Empty sequences; the memory of their whole capacity is taken at once.
    ///
    /// - Parameters:
    ///   - sequences: Their number.
    ///   - capacity: The tokens that each has room for.
    ///   - keyValueHeads: The number of key heads.
    ///   - headDimension: The width of a head.
    ///   - precision: What to keep keys and values as.
    public init(
        sequences: Int,
        capacity: Int,
        keyValueHeads: Int,
        headDimension: Int,
        precision: CachePrecision
    ) {
        precondition(sequences >= 0 && capacity >= 0 && keyValueHeads > 0 && headDimension > 0)
        self.sequences = sequences
        self.capacity = capacity
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.precision = precision
        let heads = sequences * keyValueHeads * roundedUp(capacity)
        keys = lines(numbers: heads * headDimension, precision)
        values = lines(numbers: heads * roundedUp(headDimension), precision)
    }

    /// The bytes of all keys and values: `2 · keyValueHeads · headDimension` numbers for each token and sequence,
    /// where capacity and dimension are rounded up to multiples of 16.
    public var byteCount: Int { (keys.count + values.count) * MemoryLayout<CacheLine>.size }

    /// The numbers of one head's keys.
    var keysOfHead: Int { roundedUp(capacity) * headDimension }

    /// The numbers of one head's values.
    var valuesOfHead: Int { roundedUp(capacity) * roundedUp(headDimension) }

    /// Puts new keys and values in their places, the last ones of each span's keys.
    ///
    /// - Parameters:
    ///   - newKeys: `[rows, keyValueHeads · headDimension]`; the rows of each span's queries are stored.
    ///   - newValues: As `newKeys`.
    ///   - spans: No two of one sequence.
    ///   - threads: The threads that share the heads.
    ///   - isa: The kernels to use.
    public mutating func store(
        keys newKeys: Matrix,
        values newValues: Matrix,
        at spans: [AttentionSpan],
        threads: Int,
        on isa: InstructionSet = .best
    ) {
        let (heads, dimension, stride) = (keyValueHeads, headDimension, newKeys.columns)
        precondition(stride == heads * dimension && newValues.columns == stride)
        precondition(newValues.rows == newKeys.rows)
        check(spans, rows: newKeys.rows)
        if precision == .half,
            !spans.allSatisfy({
                newKeys.fitsHalves($0, on: isa) && newValues.fitsHalves($0, on: isa)
            })
        {
            widen(on: isa)
        }
        let (precision, keysOfHead, valuesOfHead) = (precision, keysOfHead, valuesOfHead)
        let isHalf: Int32 = precision == .half ? 1 : 0
        // Threads cost more than the few numbers of a token.
        let threads = newKeys.elements.count < 1 << 16 ? 1 : threads
        unsafe keys.withUnsafeMutableBytes { keys in
            unsafe values.withUnsafeMutableBytes { values in
                guard let keys = keys.baseAddress, let values = values.baseAddress else { return }
                // Each index writes the keys and values of a sequence's head of its own.
                nonisolated(unsafe) let (k, v) = unsafe (keys, values)
                parallel(spans.count * heads, threads: threads) { index in
                    let (span, head) = (spans[index / heads], index % heads)
                    let slab = span.sequence * heads + head
                    unsafe newKeys.withPointer(row: span.firstQuery, column: head * dimension) {
                        unsafe octavo_store_keys(
                            isa.kernel,
                            $0,
                            stride,
                            span.queryCount,
                            span.position,
                            dimension,
                            isHalf,
                            k + slab * keysOfHead * precision.width
                        )
                    }
                    unsafe newValues.withPointer(row: span.firstQuery, column: head * dimension) {
                        unsafe octavo_store_values(
                            isa.kernel,
                            $0,
                            stride,
                            span.queryCount,
                            span.position,
                            dimension,
                            isHalf,
                            v + slab * valuesOfHead * precision.width
                        )
                    }
                }
            }
        }
    }

    /// Sees to it that spans lie within a matrix and within this cache.
    func check(_ spans: [AttentionSpan], rows: Int) {
        for span in spans {
            precondition(span.queryCount >= 1 && span.queryCount <= span.keyCount)
            precondition(span.firstQuery >= 0 && span.firstQuery + span.queryCount <= rows)
            precondition(span.sequence >= 0 && span.sequence < sequences)
            precondition(span.keyCount <= capacity)
        }
    }

    /// Goes over from halves to float; the numbers stay as they are.
    private mutating func widen(on isa: InstructionSet) {
        precision = .float
        keys = widened(keys, on: isa)
        values = widened(values, on: isa)
    }
}

/// A cache line: what the memory of a cache is aligned to.
typealias CacheLine = SIMD16<UInt32>

/// A count of tokens, or of a head's numbers, rounded up to a tile of keys.
private func roundedUp(_ count: Int) -> Int { octavo_value_width(count) }

/// Zeros, of either precision.
private func lines(numbers: Int, _ precision: CachePrecision) -> [CacheLine] {
    let size = MemoryLayout<CacheLine>.size
    return [CacheLine](
        repeating: .zero,
        count: (numbers * precision.width + size - 1) / size
    )
}

/// Lines of halves as twice as many of float.
private func widened(_ lines: [CacheLine], on isa: InstructionSet) -> [CacheLine] {
    let numbers = lines.count * MemoryLayout<CacheLine>.size / CachePrecision.half.width
    return unsafe [CacheLine](unsafeUninitializedCapacity: 2 * lines.count) { out, filled in
        unsafe lines.withUnsafeBytes { halves in
            guard let halves = halves.baseAddress, let out = out.baseAddress else { return }
            unsafe octavo_widen_halves(
                isa.kernel,
                halves.assumingMemoryBound(to: UInt16.self),
                UnsafeMutableRawPointer(out).assumingMemoryBound(to: Float.self),
                numbers
            )
        }
        filled = 2 * lines.count
    }
}

extension Matrix {
    /// Whether all elements of a span's rows are finite when they are rounded to halves.
    fileprivate func fitsHalves(_ span: AttentionSpan, on isa: InstructionSet) -> Bool {
        let count = span.queryCount * columns
        return unsafe withPointer(row: span.firstQuery, column: 0) {
            unsafe octavo_fits_halves(isa.kernel, $0, count) != 0
        } ?? true
    }

    /// Calls `body` with where an element is; those behind it follow.
    func withPointer<R>(row: Int, column: Int, _ body: (UnsafePointer<Float>) -> R) -> R? {
        precondition(row >= 0 && row < rows && column >= 0 && column < columns)
        return unsafe elements.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return nil }
            return unsafe body(start + row * columns + column)
        }
    }
}
