import func Foundation.floor
import func Foundation.log10
import func Foundation.pow

/// An axis of evenly spaced round numbers.
struct LinearScale {
    /// A round number on the axis.
    struct Tick: Equatable {
        /// Its place, 0 at the low end and 1 at the high end.
        let position: Double
        /// The number.
        let label: String
    }

    private let low: Double
    private let high: Double
    private let step: Double
    private let digits: Int

    /// An axis with room for all finite values, in about so many steps of 1, 2 or 5 times a power of ten.
    ///
    /// - Parameters:
    ///   - values: What has to fit.
    ///   - count: About how many ticks there is room for.
    ///   - isWhole: Whether only whole numbers mean something.
    init(_ values: some Sequence<Double>, ticks count: Int = 5, isWhole: Bool = false) {
        let known = values.filter(\.isFinite)
        let least = known.min() ?? 0
        let most = max(known.max() ?? 1, least)
        let span = most > least ? most - least : max(abs(most), 1)
        let rough = span / Double(max(1, count))
        let power = pow(10, floor(log10(rough)))
        let factor = [1, 2, 5, 10].first { rough <= $0 * power * (1 + 1e-9) } ?? 10
        step = isWhole ? max(1, (factor * power).rounded()) : factor * power
        low = floor(least / step + 1e-9) * step
        let top = floor(most / step - 1e-9) * step + step
        high = max(top, low + step)
        digits = max(0, min(12, -Int(floor(log10(step) + 1e-9))))
    }

    /// Where a value stands, 0 at the low end and 1 at the high end; nil for one that is no number.
    func position(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        return min(1, max(0, (value - low) / (high - low)))
    }

    /// The round numbers, low to high.
    var ticks: [Tick] {
        let count = Int(((high - low) / step).rounded())
        return (0...max(1, min(count, 100))).map { index in
            let value = low + Double(index) * step
            return Tick(
                position: (value - low) / (high - low),
                label: decimal(abs(value) < step / 1e6 ? 0 : value, digits: digits)
            )
        }
    }
}
