/// How a part of a regular expression can match, as far as it tells how long a failure may take.
///
/// A matcher that goes back into a repeat of n scalars tries n lengths. If each of them starts another
/// repeat over what follows, and something behind that can fail, it takes n² steps, and with a third
/// repeat n³. Such expressions are refused: behind two repeats nothing may stand that must match.
struct PatternShape {
    /// How many repeats without a bound follow each other in it, at most.
    private(set) var repeats = 0
    /// Whether something in it must match.
    private(set) var mustMatch = false
    /// Whether something that must match stands behind a repeat.
    private(set) var mustMatchBehindRepeat = false
    /// Whether it can match a text in more than one way.
    private(set) var hasChoice = false

    /// Nothing at all.
    static let empty = PatternShape()
    /// One scalar.
    static let scalar = PatternShape(mustMatch: true)

    private init(mustMatch: Bool = false) { self.mustMatch = mustMatch }

    /// What this and what stands behind it are together.
    func followed(by next: PatternShape) throws(PatternRefusal) -> PatternShape {
        let isSlow = repeats > 1 || (repeats == 1 && next.mustMatchBehindRepeat)
        guard !(isSlow && next.mustMatch) else {
            throw PatternRefusal("what must match behind two repeats")
        }
        var shape = self
        shape.repeats += next.repeats
        shape.mustMatch = mustMatch || next.mustMatch
        shape.mustMatchBehindRepeat =
            mustMatchBehindRepeat || next.mustMatchBehindRepeat || (repeats > 0 && next.mustMatch)
        shape.hasChoice = hasChoice || next.hasChoice
        return shape
    }

    /// Either of two.
    func or(_ other: PatternShape) -> PatternShape {
        var shape = self
        shape.repeats = max(repeats, other.repeats)
        shape.mustMatch = mustMatch || other.mustMatch
        shape.mustMatchBehindRepeat = mustMatchBehindRepeat || other.mustMatchBehindRepeat
        shape.hasChoice = true
        return shape
    }

    /// What looks at the text without taking any of it.
    func asAssertion(isNegative: Bool) -> PatternShape {
        var shape = self
        shape.mustMatch = true
        if isNegative && repeats > 0 { shape.mustMatchBehindRepeat = true }
        return shape
    }

    /// It, repeated.
    ///
    /// - Parameters:
    ///   - least: How many times at least.
    ///   - most: How many times at most, or nil.
    /// - Returns: The shape of the repeat.
    /// - Throws: When it could match in too many ways.
    func repeated(least: Int, most: Int?) throws(PatternRefusal) -> PatternShape {
        // Choices within repeats multiply with each round.
        guard !hasChoice || most == 1 else {
            throw PatternRefusal("a repeat of a group with choices")
        }
        var shape = self
        shape.hasChoice = hasChoice || least != most
        shape.mustMatch = mustMatch && least > 0
        // Few ways are no matter.
        if (most ?? .max) - least > 16 { shape.repeats += 1 }
        return shape
    }
}

/// Why a regular expression is refused, as a clause.
struct PatternRefusal: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}
