public import OctavoBase
internal import CKernels

/// A matrix whose elements keep their 16 bits, where they are.
public struct HalfMatrix: Sendable {
    /// What 16 bits stand for.
    public enum Kind: Sendable, CaseIterable {
        /// IEEE binary16.
        case ieee
        /// bfloat16.
        case brain
    }

    /// The number of rows.
    public let rows: Int
    /// The number of columns.
    public let columns: Int
    /// What the elements are.
    public let kind: Kind
    /// `rows · columns` elements, little-endian, row by row; of any alignment.
    public let bytes: SharedBytes

    /// Takes elements, which must be as many as the shape has.
    public init(rows: Int, columns: Int, kind: Kind, bytes: SharedBytes) {
        precondition(rows >= 0 && columns > 0 && bytes.count == 2 * rows * columns)
        self.rows = rows
        self.columns = columns
        self.kind = kind
        self.bytes = bytes
    }

    private var kernelKind: octavo_half_kind {
        kind == .ieee ? OCTAVO_HALF_IEEE : OCTAVO_HALF_BRAIN
    }

    /// Returns some rows, widened.
    ///
    /// - Parameters:
    ///   - indices: Which, in the order wanted; each below `rows`.
    ///   - isa: The kernels to use.
    /// - Returns: `[indices, columns]`.
    public func gathered(rows indices: [Int], on isa: InstructionSet = .best) -> Matrix {
        precondition(indices.allSatisfy { 0..<rows ~= $0 })
        var out = Matrix(rows: indices.count, columns: columns)
        unsafe out.elements.withUnsafeMutableBufferPointer { out in
            guard let out = out.baseAddress else { return }
            for (place, row) in indices.enumerated() {
                unsafe widen(row..<row + 1, to: out + place * columns, on: isa)
            }
        }
        return out
    }

    /// Returns all of it, widened.
    public func widened(on isa: InstructionSet = .best) -> Matrix {
        var out = Matrix(rows: rows, columns: columns)
        unsafe out.elements.withUnsafeMutableBufferPointer { out in
            guard let out = out.baseAddress else { return }
            unsafe widen(0..<rows, to: out, on: isa)
        }
        return out
    }

    private func widen(
        _ range: Range<Int>,
        to out: UnsafeMutablePointer<Float>,
        on isa: InstructionSet
    ) {
        unsafe withElements { elements in
            unsafe octavo_widen(
                isa.kernel,
                kernelKind,
                elements + range.lowerBound * columns,
                range.count * columns,
                out
            )
        }
    }

    private func withElements(_ body: (UnsafePointer<UInt16>) -> Void) {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe body(base.assumingMemoryBound(to: UInt16.self))
        }
    }

    /// Returns `x · selfᵀ`, `[x.rows, rows]`.
    ///
    /// A few rows of `x` are multiplied with what lies in memory; for more, some weights at a time are widened
    /// and left to BLAS. The result does not depend on `threads`.
    ///
    /// - Parameters:
    ///   - x: `[any number, columns]`.
    ///   - threads: The threads that share the outputs.
    ///   - isa: The kernels to use.
    /// - Returns: A row for each row of `x`.
    public func product(with x: Matrix, threads: Int, on isa: InstructionSet = .best) -> Matrix {
        precondition(x.columns == columns)
        guard x.rows <= 8 else {
            return unsafe tiledProduct(x, outputs: rows, threads: threads) { range, out in
                unsafe widen(range, to: out, on: isa)
            }
        }
        var out = Matrix(rows: x.rows, columns: rows)
        let chunk = outputsAtOnce(rows, threads: threads)
        unsafe withElements { elements in
            unsafe out.elements.withUnsafeMutableBufferPointer { out in
                guard let out = out.baseAddress else { return }
                // Each index writes outputs of its own and reads the rest.
                nonisolated(unsafe) let (e, o) = unsafe (elements, out)
                parallel((rows + chunk - 1) / chunk, threads: threads) { index in
                    let first = index * chunk
                    unsafe octavo_half_products(
                        isa.kernel,
                        kernelKind,
                        e,
                        columns,
                        first,
                        min(chunk, rows - first),
                        x.elements,
                        x.rows,
                        o,
                        rows
                    )
                }
            }
        }
        return out
    }
}

/// How many outputs a thread takes at a time: whole vectors of 64, so that each thread has a few pieces.
func outputsAtOnce(_ outputs: Int, threads: Int) -> Int {
    let pieces = threads <= 1 ? 1 : threads * max(1, min(8, outputs / (threads * 512)))
    return max(64, ((outputs + pieces - 1) / pieces + 63) / 64 * 64)
}
