/// The first anchor or alias of a text, as far as a look at its lines tells; nil if there is none.
///
/// The parser resolves aliases while it reads, and compares keys while it does: a few lines of aliases of
/// aliases would keep it busy for ever. So they are looked for first. Block scalars, comments and what stands in quotes
/// are passed over; where a line is not what it seems, plain text that reads like an anchor is taken for one.
func anchor(in text: String) -> (place: YAMLPlace, name: String)? {
    var blockIndent: Int?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
        let indent = line.prefix { $0 == " " }.count
        if let least = blockIndent {
            if indent > least || line.allSatisfy({ $0 == " " || $0 == "\r" }) { continue }
            blockIndent = nil
        }
        let code = withoutQuotesAndComment(line)
        if let column = anchorColumn(in: code) {
            let name = String(String.UnicodeScalarView(line.unicodeScalars.dropFirst(column)))
            return (
                YAMLPlace(line: index + 1, column: column + 1),
                String(name.prefix { !$0.isWhitespace && $0 != "," && $0 != "]" && $0 != "}" })
            )
        }
        if opensBlockScalar(code) { blockIndent = indent }
    }
    return nil
}

/// The scalars of a line, blanks in place of what is in quotes or in a comment.
private func withoutQuotesAndComment(_ line: Substring) -> [Unicode.Scalar] {
    var scalars = Array(line.unicodeScalars)
    var quote: Unicode.Scalar?
    var index = 0
    while index < scalars.count {
        let scalar = scalars[index]
        let before = index == 0 ? " " : scalars[index - 1]
        if let open = quote {
            if open == "\"", scalar == "\\" {
                scalars[index] = " "
                if index + 1 < scalars.count { scalars[index + 1] = " " }
                index += 2
                continue
            }
            if scalar == open { quote = nil }
            scalars[index] = " "
        } else if (scalar == "\"" || scalar == "'") && (" ,[{:-".unicodeScalars.contains(before)) {
            quote = scalar
            scalars[index] = " "
        } else if scalar == "#" && before == " " {
            for rest in index..<scalars.count { scalars[rest] = " " }
        }
        index += 1
    }
    return scalars
}

/// Where `&name` or `*name` begins a value.
private func anchorColumn(in code: [Unicode.Scalar]) -> Int? {
    code.indices.first { index in
        guard code[index] == "&" || code[index] == "*", index + 1 < code.count else { return false }
        let next = code[index + 1]
        let isName = next.properties.isAlphabetic || ("0"..."9").contains(next) || next == "_"
        let before = index == 0 ? " " : code[index - 1]
        return isName && (" \t,[{?".unicodeScalars.contains(before))
    }
}

/// Whether a line ends in `|` or `>`, with or without what may follow.
private func opensBlockScalar(_ code: [Unicode.Scalar]) -> Bool {
    var rest = code[...]
    while let last = rest.last, last == " " || last == "\r" || last == "\t" { rest.removeLast() }
    while let last = rest.last, "+-123456789".unicodeScalars.contains(last) { rest.removeLast() }
    guard let last = rest.last, last == "|" || last == ">" else { return false }
    rest.removeLast()
    return rest.isEmpty || rest.last == " "
}
