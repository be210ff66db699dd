internal import CKernels

/// The cosines and sines of rotary position embedding, a row per position.
public struct RotaryTable: Sendable, Equatable {
    /// Which numbers of a head are rotated together.
    public enum Pairing: Sendable, Hashable {
        /// Those of the first half of the rotated part with those of its second half, as in most
        /// checkpoints of transformers.
        case halves
        /// Each with the one beside it.
        case neighbours
    }

    /// `[positions, pairs]`.
    public let cosines: Matrix
    /// `[positions, pairs]`.
    public let sines: Matrix
    /// The width of a head: at least twice the number of pairs, and what is beyond is not rotated.
    public let headDimension: Int
    /// Which numbers of a head make a pair.
    public let pairing: Pairing

    /// Takes two matrices of one shape.
    public init(cosines: Matrix, sines: Matrix, headDimension: Int, pairing: Pairing = .halves) {
        precondition(cosines.rows == sines.rows && cosines.columns == sines.columns)
        precondition(headDimension >= 2 * cosines.columns)
        self.cosines = cosines
        self.sines = sines
        self.headDimension = headDimension
        self.pairing = pairing
    }

    /// The number of positions that the table reaches.
    public var positions: Int { cosines.rows }

    /// The table of the transposed rotations, which turn back what this one turned.
    public var transposed: RotaryTable {
        var negated = sines
        for i in negated.elements.indices { negated.elements[i].negate() }
        return RotaryTable(
            cosines: cosines,
            sines: negated,
            headDimension: headDimension,
            pairing: pairing
        )
    }

    /// Rotates every head of each row by the angles of the row's position.
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
        let (pairs, width) = (cosines.columns, headDimension)
        precondition(x.columns % width == 0 && positions.count == x.rows)
        precondition(positions.allSatisfy { (0..<self.positions).contains($0) })
        let heads = x.columns / width
        unsafe cosines.elements.withUnsafeBufferPointer { cosines in
            unsafe sines.elements.withUnsafeBufferPointer { sines in
                unsafe x.forEachRow(threads: threads) { row, x in
                    guard let cosines = cosines.baseAddress, let sines = sines.baseAddress
                    else { return }
                    let at = positions[row] * pairs
                    let (c, s) = unsafe (cosines + at, sines + at)
                    switch pairing {
                    case .halves:
                        unsafe octavo_rotate_halves(isa.kernel, x, c, s, heads, width, pairs)
                    case .neighbours:
                        unsafe octavo_rotate_neighbours(isa.kernel, x, c, s, heads, width, pairs)
                    }
                }
            }
        }
    }
}
