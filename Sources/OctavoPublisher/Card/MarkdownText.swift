import OctavoBase

/// Texts from outside on a page of Markdown: none of them may end what it stands in.

/// A text within a line.
func line(_ text: String) -> String {
    printable(text).split(whereSeparator: { $0.isNewline || $0 == "\t" }).joined(separator: " ")
}

/// A text in a cell of a table.
func cell(_ text: String) -> String {
    line(text).replacing("\\", with: "\\\\").replacing("|", with: "\\|")
}

/// A text between single backticks.
func code(_ text: String) -> String {
    line(text).replacing("`", with: "'")
}

/// A fence that no line of a text can end.
func fence(for text: String) -> String {
    var (longest, current) = (0, 0)
    for character in text {
        current = character == "`" ? current + 1 : 0
        longest = max(longest, current)
    }
    return String(repeating: "`", count: max(3, longest + 1))
}

/// A text of several lines in a fence.
func fenced(_ text: String) -> String {
    let lines = printable(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    return lines.joined(separator: "\n").trimmedEnd
}

/// Markdown that somebody wrote, as a part of the page: lines of dashes, which readers may take for the end of
/// metadata, are drawn otherwise, and headings cannot pass for those of the card.
func embedded(_ text: String) -> String {
    var lines = printable(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        .map(String.init)
    var open: String?
    for index in lines.indices {
        let bare = lines[index].trimmed
        if let fence = open {
            if bare.hasPrefix(fence), bare.allSatisfy({ $0 == fence.first }) { open = nil }
        } else if let mark = ["```", "~~~"].first(where: bare.hasPrefix) {
            open = String(bare.prefix { $0 == mark.first })
        } else if bare.count >= 3, bare.allSatisfy({ $0 == "-" }) {
            lines[index] = "***"
            // Directly below a line of text the dashes would make it a heading.
            if index > 0, !lines[index - 1].trimmed.isEmpty { lines[index] = "\n***" }
        } else if bare.hasPrefix("# ") || bare.hasPrefix("## ") {
            lines[index] = "##" + bare
        }
    }
    // What the text leaves open would swallow the rest of the card.
    if let open { lines.append(open) }
    return lines.joined(separator: "\n").trimmedEnd
}

extension String {
    /// Without white space at its end.
    fileprivate var trimmedEnd: String {
        String(reversed().drop(while: \.isWhitespace).reversed())
    }
}
