import func Foundation.floor
import func Foundation.log10

/// A logarithmic axis from one round number to another, round meaning 1, 2 or 5 times a power of ten.
struct LogScale {
    /// A round number on the axis.
    struct Tick: Equatable {
        /// Its place, 0 at the low end and 1 at the high end.
        let position: Double
        /// The number as a percentage: "0.5 %".
        let label: String
    }

    /// Round numbers are counted: 3k is 10ᵏ, 3k + 1 is 2 · 10ᵏ, 3k + 2 is 5 · 10ᵏ.
    private let low: Int
    private let high: Int

    /// An axis that has room for all values that have a logarithm; the others do not count.
    init(_ values: some Sequence<Double>) {
        let logarithms = values.lazy.filter { $0 > 0 && $0.isFinite }.map { log10($0) }
        guard let least = logarithms.min(), let most = logarithms.max() else {
            low = -6
            high = 0
            return
        }
        let bottom = Self.roundNumber(below: least)
        let top = Self.roundNumber(below: most)
        low = Self.logarithm(bottom) < least ? bottom : bottom - 1
        high = top + 1
    }

    /// Where a value stands, 0 at the low end and 1 at the high end; nil for one without a logarithm.
    func position(_ value: Double) -> Double? {
        guard value > 0, value.isFinite else { return nil }
        return place(log10(value))
    }

    /// A few round numbers, low to high: all of them if there is room, else powers of ten.
    func ticks(atMost limit: Int) -> [Tick] {
        let all = Array(low...high)
        let powers = all.filter { $0 % 3 == 0 }
        let step = max(1, (powers.count + limit - 1) / max(1, limit))
        let chosen =
            all.count <= limit || powers.count < 2
            ? all : powers.enumerated().filter { $0.offset % step == 0 }.map(\.element)
        return chosen.map { number in
            let (exponent, mantissa) = Self.parts(number)
            return Tick(
                position: place(Self.logarithm(number)),
                label: percentText([1, 2, 5][mantissa], exponent: exponent)
            )
        }
    }

    private func place(_ logarithm: Double) -> Double {
        let (bottom, top) = (Self.logarithm(low), Self.logarithm(high))
        return (logarithm - bottom) / (top - bottom)
    }

    private static func roundNumber(below logarithm: Double) -> Int {
        let whole = floor(logarithm)
        let rest = logarithm - whole
        return 3 * Int(whole) + (rest >= steps[2] ? 2 : rest >= steps[1] ? 1 : 0)
    }

    /// The logarithms of 1, 2 and 5.
    private static let steps = [0, log10(2.0), log10(5.0)]

    private static func parts(_ number: Int) -> (exponent: Int, mantissa: Int) {
        let mantissa = (number % 3 + 3) % 3
        return ((number - mantissa) / 3, mantissa)
    }

    private static func logarithm(_ number: Int) -> Double {
        let (exponent, mantissa) = parts(number)
        return Double(exponent) + steps[mantissa]
    }
}
