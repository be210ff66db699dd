import OctavoBase
internal import CKernels

/// Weights that learn by gradient descent in place of codes, which cannot: now and then codes are chosen
/// anew to come near to them.
///
/// The descent is Adam's without momentum, the step scaled so that it is a share of the weights' norm.
/// (Malinovskii et al., "PV-Tuning: beyond straight-through estimation for extreme LLM compression",
/// section 3; You et al., "Large batch optimization for deep learning", for the scale.)
public struct StraightThroughBuffer: Sendable {
    /// The weights, `[rows, columns]`.
    public var weights: Matrix
    /// The running mean of the squares of gradients, as long as the weights.
    public private(set) var squares: [Float]
    /// How many steps were made.
    public private(set) var steps: Int

    /// How far back the mean of squares reaches.
    private static let decay: Float = 0.95
    /// Keeps weights whose gradient has always been zero in place.
    private static let floor: Float = 1e-15
    /// How many weights are a piece of work.
    private static let piece = 1 << 16

    /// Starts from weights.
    public init(_ weights: Matrix) {
        self.init(
            weights,
            squares: [Float](repeating: 0, count: weights.elements.count),
            steps: 0
        )
    }

    /// Goes on from where another left off.
    public init(_ weights: Matrix, squares: [Float], steps: Int) {
        self.weights = weights
        self.squares = squares
        self.steps = steps
    }

    /// Moves against a gradient, as far as `rate` times the norm of the weights.
    ///
    /// - Parameters:
    ///   - gradient: `[rows, columns]`.
    ///   - rate: The length of the step, as a share of the weights' norm.
    ///   - threads: The threads that take part.
    ///   - isa: The kernels to use.
    public mutating func step(
        _ gradient: Matrix,
        rate: Float,
        threads: Int,
        on isa: InstructionSet = .best
    ) {
        precondition(gradient.rows == weights.rows && gradient.columns == weights.columns)
        precondition(squares.count == weights.elements.count)
        steps += 1
        // Beyond a thousand steps nothing is left of the power.
        let bias = 1 - (0..<min(steps, 1000)).reduce(Float(1)) { power, _ in power * Self.decay }
        let correction = 1 / bias.squareRoot()
        let count = squares.count
        let pieces = (count + Self.piece - 1) / Self.piece
        @Sendable
        func range(_ index: Int) -> Range<Int> {
            index * Self.piece..<min(count, (index + 1) * Self.piece)
        }
        unsafe gradient.elements.withUnsafeBufferPointer { gradient in
            unsafe squares.withUnsafeMutableBufferPointer { squares in
                unsafe weights.elements.withUnsafeMutableBufferPointer { weights in
                    guard let gradient = gradient.baseAddress, let squares = squares.baseAddress,
                        let weights = weights.baseAddress
                    else { return }
                    // Each piece has places of its own.
                    nonisolated(unsafe) let (g, s, w) = unsafe (gradient, squares, weights)
                    let sums = parallelMap(pieces, threads: threads) { index in
                        let range = range(index)
                        let length = unsafe octavo_square_moments(
                            isa.kernel,
                            g + range.lowerBound,
                            s + range.lowerBound,
                            range.count,
                            Self.decay,
                            correction,
                            Self.floor
                        )
                        let norm = unsafe (w + range.lowerBound).squaredNorm(range.count)
                        return (length, norm)
                    }
                    let length = sums.reduce(0) { $0 + $1.0 }.squareRoot()
                    let norm = sums.reduce(0) { $0 + $1.1 }.squareRoot()
                    guard length > 0, norm > 0 else { return }
                    let size = rate * Float(norm / length)
                    parallel(pieces, threads: threads) { index in
                        let range = range(index)
                        unsafe octavo_descend(
                            isa.kernel,
                            g + range.lowerBound,
                            s + range.lowerBound,
                            w + range.lowerBound,
                            range.count,
                            size,
                            correction,
                            Self.floor
                        )
                    }
                }
            }
        }
    }
}

extension UnsafeMutablePointer<Float> {
    /// The sum of the squares of some numbers from here on.
    fileprivate func squaredNorm(_ count: Int) -> Double {
        var sum = 0.0
        for i in 0..<count { unsafe sum += Double(self[i]) * Double(self[i]) }
        return sum
    }
}

/// Returns the squared distance of each group of `size` neighbours in a row of one matrix to those of
/// another, `[rows · columns / size]`.
public func groupDistances(
    _ a: Matrix,
    _ b: Matrix,
    size: Int,
    threads: Int,
    on isa: InstructionSet = .best
) -> [Float] {
    precondition(a.rows == b.rows && a.columns == b.columns && a.columns % size == 0)
    let perRow = a.columns / size
    var out = Matrix(rows: a.rows, columns: perRow)
    let columns = a.columns
    unsafe a.elements.withUnsafeBufferPointer { a in
        unsafe b.elements.withUnsafeBufferPointer { b in
            unsafe out.forEachRow(threads: threads) { row, out in
                guard let a = a.baseAddress, let b = b.baseAddress else { return }
                unsafe octavo_group_distances(
                    isa.kernel,
                    a + row * columns,
                    b + row * columns,
                    out,
                    perRow,
                    size
                )
            }
        }
    }
    return out.elements
}

/// Returns the indices of the `count` largest of some numbers that are not negative, in ascending order;
/// of equal ones the first.
///
/// Two passes over them: bits of such floats have the order of the numbers.
public func indicesOfLargest(_ values: [Float], count: Int) -> [Int] {
    guard count > 0 else { return [] }
    guard count < values.count else { return Array(values.indices) }
    let shift: UInt32 = 12
    var histogram = [Int](repeating: 0, count: 1 << 20)
    for value in values { histogram[Int(value.bitPattern >> shift)] += 1 }
    var (bin, above) = (histogram.count - 1, 0)
    while above + histogram[bin] < count {
        above += histogram[bin]
        bin -= 1
    }
    // What is in the last bin is nearly equal; there the exact order decides.
    let border = values.indices.filter { Int(values[$0].bitPattern >> shift) == bin }
        .sorted { (values[$0], $1) > (values[$1], $0) }
        .prefix(count - above)
    let chosen = Set(border)
    return values.indices.filter {
        Int(values[$0].bitPattern >> shift) > bin || chosen.contains($0)
    }
}
