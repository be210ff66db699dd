internal import OctavoBase
internal import OctavoHub

/// What is wrong with the metadata at the head of a model card; nil if nothing that would make it
/// unreadable to others.
func cardProblem(_ card: [UInt8]) -> String? {
    guard let text = String(validating: card, as: UTF8.self) else {
        return "README.md is not UTF-8"
    }
    // By bytes: "\r\n" is one Character, and not "\n".
    let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    guard lines.first?.trimmingWhitespace() == "---" else { return nil }
    guard let end = lines.dropFirst().firstIndex(where: { $0.trimmingWhitespace() == "---" }) else {
        return "The YAML metadata of README.md has no end: expected a line of ---"
    }
    for (number, line) in lines[..<end].enumerated()
    where line.prefix(while: \.isWhitespace).contains("\t") {
        return "Line \(number + 1) of README.md begins with a tab, which YAML forbids"
    }
    return nil
}
