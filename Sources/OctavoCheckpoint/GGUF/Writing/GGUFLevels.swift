// What the encoders of blocks of 256 have in common: numbers rounded to levels sixteen at a time, and the
// sums from which least squares give the scale and the error.
// The compiler makes of SIMD16 whatever the processor has at least.

typealias Sixteen = SIMD16<Float>

/// What is to be known of levels `q` that stand for numbers `x`.
struct LevelSums {
    /// The sums of q, of q², and of x·q.
    var levels: Float = 0
    var squares: Float = 0
    var products: Float = 0

    @inline(__always)
    mutating func add(_ level: Sixteen, for number: Sixteen) {
        levels += level.sum()
        squares += (level * level).sum()
        products += (number * level).sum()
    }
}

/// The whole numbers in a range that are nearest to `(numbers + offset) · inverse`.
@inline(__always)
func levels(
    _ numbers: Sixteen,
    offset: Float = 0,
    inverse: Float,
    from lowest: Float,
    to highest: Float
) -> Sixteen {
    let exact = (numbers + offset) * inverse
    let within = pointwiseMin(
        pointwiseMax(exact, Sixteen(repeating: lowest)),
        Sixteen(repeating: highest)
    )
    return (within + rounder) - rounder
}

/// The low bytes of whole numbers, negative ones in two's complement.
@inline(__always)
func lowBytes(_ whole: Sixteen) -> SIMD16<UInt8> {
    SIMD16<UInt8>(
        truncatingIfNeeded: unsafe unsafeBitCast(whole + rounder, to: SIMD16<UInt32>.self)
    )
}

/// The whole number in a range that is nearest to a quotient; the lower end where there is none.
@inline(__always)
func code(_ value: Float, over unit: Float, from lowest: Float, to highest: Float) -> Float {
    let exact = value / unit
    guard exact.isFinite else { return lowest <= 0 && highest >= 0 ? 0 : lowest }
    return (min(max(exact, lowest), highest) + rounder) - rounder
}
