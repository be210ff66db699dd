internal import CKernels

/// The cosines and sines of rotary position embedding, a row per position.
public struct RotaryTable: Sendable, Equatable {
    /// `[positions, headDimension / 2]`.
    public let cosines: Matrix
    /// `[positions, headDimension / 2]`.
    public let sines: Matrix

    /// Takes two matrices of one shape.
    public init(cosines: Matrix, sines: Matrix) {
        precondition(cosines.rows == sines.rows && cosines.columns == sines.columns)
        self.cosines = cosines
        self.sines = sines
    }

    /// The number of positions that the table reaches.
    public var positions: Int { cosines.rows }

    /// Rotates every head of each row by the angles of the row's position.
    ///
    /// Element `i` of a head's first half pairs with element `i` of its second, as in checkpoints of
    /// transformers (GGUF files pair neighbours instead).
    ///
    /// - Parameters:
    ///   - x: `[rows, heads · headDimension]`.
    ///   - positions: One for each row, each below the number of positions of the table.
    ///   - threads: The threads that share the rows.
    ///   - isa: The kernels to use.
    public func rotate(
        _ x: inout Matrix,
        positions: [Int],
        threads: Int,
        on isa: InstructionSet = .best
    ) {
        let half = cosines.columns
        precondition(x.columns % (2 * half) == 0 && positions.count == x.rows)
        precondition(positions.allSatisfy { (0..<self.positions).contains($0) })
        let heads = x.columns / (2 * half)
        unsafe cosines.elements.withUnsafeBufferPointer { cosines in
            unsafe sines.elements.withUnsafeBufferPointer { sines in
                unsafe x.forEachRow(threads: threads) { row, x in
                    guard let cosines = cosines.baseAddress, let sines = sines.baseAddress
                    else { return }
                    let at = positions[row] * half
                    unsafe octavo_rotate_halves(
                        isa.kernel,
                        x,
                        cosines + at,
                        sines + at,
                        heads,
                        half
                    )
                }
            }
        }
    }
}
