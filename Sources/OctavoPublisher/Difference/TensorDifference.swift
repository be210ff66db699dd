import OctavoBase
import OctavoCheckpoint
import OctavoNumerics

/// How a tensor of one model differs from that of the same name in another.
public struct TensorDifference: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// What each stores it as, as in `BF16` or `Q4_K`.
    public var types: [String]
    /// Its dimensions in each, slowest first.
    public var shapes: [[Int]]
    /// How far the numbers are apart; nil where shapes differ or numbers cannot be had.
    public var values: ValueDifference?

    /// Whether each stores it as the same.
    public var isOfOneType: Bool { types[0] == types[1] }
    /// Whether the numbers are the same, whatever they are stored as.
    public var hasSameValues: Bool { values?.changed == 0 }
}

/// How far numbers are apart from others.
public struct ValueDifference: Sendable, Equatable {
    /// How many there are.
    public var count = 0
    /// How many differ; a NaN is the same as another.
    public var changed = 0
    /// The largest absolute difference; infinite if one is not finite and the other is not the same.
    public var largest = 0.0
    /// The mean of all absolute differences.
    public var mean: Double { count == 0 ? 0 : sum / Double(count) }
    /// The root of the sum of squared differences over that of the first's squares; infinite if the first
    /// are all zero and the others are not.
    public var relative: Double {
        squares == 0 ? 0 : scale == 0 ? .infinity : (squares / scale).squareRoot()
    }

    private var sum = 0.0
    private var squares = 0.0
    private var scale = 0.0

    /// No numbers yet.
    public init() {}

    /// Takes in more of both.
    mutating func add(_ a: [Float], _ b: [Float]) {
        count += a.count
        for (a, b) in zip(a, b) {
            scale += Double(a) * Double(a)
            guard a != b, !(a.isNaN && b.isNaN) else { continue }
            changed += 1
            let distance = abs(Double(a) - Double(b))
            let apart = distance.isFinite ? distance : .infinity
            largest = max(largest, apart)
            sum += apart
            squares += apart * apart
        }
    }
}

/// Compares two tensors of one name, some rows at a time.
///
/// - Returns: Nil if nothing differs.
func compare(
    _ a: WeightTensor,
    of first: OpenModel,
    _ b: WeightTensor,
    of second: OpenModel
) throws -> TensorDifference? {
    var difference = TensorDifference(
        name: a.name,
        types: [a.type, b.type],
        shapes: [a.shape, b.shape]
    )
    guard a.shape == b.shape else { return difference }
    if case .stored(let one) = a.source, case .stored(let other) = b.source {
        if one.hasSameBytes(as: other) { return nil }
        // Elements that mean nothing by themselves are compared as bytes.
        if one.type == other.type, (try? TensorRows(one).floats(0..<0)) == nil { return difference }
    }
    let (rows, others) = (try WeightRows(a, of: first), try WeightRows(b, of: second))
    var values = ValueDifference()
    for range in rows.ranges() { values.add(try rows.floats(range), try others.floats(range)) }
    difference.values = values
    return values.changed == 0 && a.type == b.type ? nil : difference
}
