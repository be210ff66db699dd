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
