/// A number with a fixed count of decimals, as in "2.067".
///
/// Written by hand: Foundation's formatting depends on a locale.
public func decimal(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let whole = Int(scaled)
    let sign = value < 0 && whole != 0 ? "-" : ""
    guard digits > 0 else { return sign + "\(whole)" }
    let text = "\(whole)"
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
}

/// A length in bytes for people, in powers of 1000, as in "84.6 MB".
public func byteText(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1000 { return decimal(value, digits: unit == "B" ? 0 : 1) + " " + unit }
        value /= 1000
    }
    return decimal(value, digits: 1) + " TB"
}

/// A duration for people: "0.4 s", "3 s", "42 s", "3 min 05 s", "2 h 10 min".
public func durationText(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e12 else { return "unknown" }
    if seconds < 9.95, seconds != seconds.rounded() {
        return decimal(max(0, seconds), digits: 1) + " s"
    }
    let whole = Int(max(0, seconds).rounded())
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min"
}

/// A share as a percentage with three significant digits: "5.23 %", "0.0417 %", "3.1·10⁻⁷ %".
public func percentText(_ share: Double) -> String {
    guard share.isFinite else { return "not a finite number" }
    let percent = 100 * abs(share)
    guard percent > 0 else { return "0 %" }
    let sign = share < 0 ? "-" : ""
    if percent >= 1e6 || percent < 9.995e-4 {
        var exponent = 0
        var mantissa = percent
        while mantissa >= 9.95 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        while mantissa < 0.995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        return sign + decimal(mantissa, digits: 1) + "·10\(superscript(exponent)) %"
    }
    var digits = 2
    for limit in [0.9995, 0.09995, 0.009995] where percent < limit { digits += 1 }
    if percent >= 9.995 { digits = percent >= 99.95 ? 0 : 1 }
    return sign + decimal(percent, digits: digits) + " %"
}

/// The share `mantissa · 10^exponent` as a percentage: "5 %", "0.02 %", "10⁻⁷ %".
func percentText(_ mantissa: Int, exponent: Int) -> String {
    let power = exponent + 2
    switch power {
    case 0...4: return "\(mantissa)" + String(repeating: "0", count: power) + " %"
    case -3 ... -1: return "0." + String(repeating: "0", count: -power - 1) + "\(mantissa) %"
    default: return (mantissa == 1 ? "" : "\(mantissa)·") + "10\(superscript(power)) %"
    }
}

/// A whole number with its digits in groups of three: "131 072", the gap narrow and unbreakable.
public func groupedText(_ number: Int) -> String {
    let digits = "\(number.magnitude)"
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { text += "\u{202F}" }
        text.append(digit)
    }
    return text
}

private func superscript(_ number: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return (number < 0 ? "⁻" : "")
        + "\(number.magnitude)".compactMap(\.wholeNumberValue).map { digits[$0] }
}

/// A share and its standard error in percent: "42.1 ± 1.4 %"; of one question without the error.
public func accuracyText(_ accuracy: Accuracy) -> String {
    let share = decimal(100 * accuracy.value, digits: 1)
    guard let error = accuracy.standardError else { return share + " %" }
    return share + " ± " + decimal(100 * error, digits: 1) + " %"
}
