/// A text without what could command a terminal or turn a line around: names in files and words of
/// servers are shown, and whoever wrote them is not to be trusted.
public func printable(_ text: String) -> String {
    let mark: Unicode.Scalar = "\u{FFFD}"
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control where scalar != "\n" && scalar != "\t": scalars.append(mark)
        // Directions and invisible marks, but for the joiners that scripts and emoji need.
        case .format where scalar != "\u{200C}" && scalar != "\u{200D}": scalars.append(mark)
        default: scalars.append(scalar)
        }
    }
    return String(scalars)
}
