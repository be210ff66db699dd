/// Seconds since 1970 as `2026-01-02T03:04:05.000Z`.
///
/// The date is counted from a first of March, which puts the leap day at a year's end
/// (H. Hinnant, "chrono-compatible low-level date algorithms").
func timestamp(_ seconds: Int) -> String {
    let (days, time) = (seconds / 86400, seconds % 86400)
    let shifted = days + 719_468
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let year = yearOfEra + shifted / 146_097 * 400 + (month >= 10 ? 1 : 0)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return
        "\(year)-\(two(month < 10 ? month + 3 : month - 9))-\(two(dayOfYear - (153 * month + 2) / 5 + 1))"
        + "T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)).000Z"
}
